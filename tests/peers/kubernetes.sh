#!/usr/bin/env bash
# A Kubernetes API server and its etcd, from Debian's packages alone. No package contains the server's binary, so it is built once from
# Debian's source package, in ten minutes on two processors. Nothing is installed on the machine.
# The result stays in $DAYPASS_PEERS/kubernetes.
set -euo pipefail
cd "$(dirname "$0")/../.."
HOME_OF_PEER=${DAYPASS_PEERS:-$PWD/.peers}/kubernetes
VERSION=1.20.2
SOURCE="kubernetes=1.20.5+really1.20.2-1.1+deb12u1"
# The source's copy of reflect2 iterates over maps as Go did before 1.18, so the server crashes on the first patch of a webhook
# (SIGSEGV in mapiternext). Debian's package of reflect2 is newer.
REFLECT2="golang-github-modern-go-reflect2-dev=1.0.2-2"

# A separate list of sources, so that the machine's apt stays unchanged.
apt_own() {
  local own=$HOME_OF_PEER/apt
  mkdir -p "$own/lists/partial" "$own/cache/archives/partial"
  local signed=signed-by=/usr/share/keyrings/debian-archive-keyring.gpg kind suite
  for kind in deb deb-src; do
    for suite in "debian bookworm" "debian bookworm-updates" "debian-security bookworm-security"; do
      echo "$kind [$signed] http://deb.debian.org/$suite main"
    done
  done >"$own/sources.list"
  apt-get -qq -o Dir::Etc::sourcelist="$own/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$own/lists" \
    -o Dir::Cache="$own/cache" -o APT::Sandbox::User=root "$@"
}

# unpacked FILE PACKAGE...: unpacks Debian packages into one folder without installing them, so no service starts and root is not needed.
unpacked() {
  local file=$1; shift
  [ -e "$HOME_OF_PEER/root/$file" ] && return 0
  mkdir -p "$HOME_OF_PEER/root" "$HOME_OF_PEER/packages"
  (cd "$HOME_OF_PEER/packages" && apt_own download "$@" && for package in *.deb; do dpkg -x "$package" ../root; done && rm -f ./*.deb)
}

build() {
  [ "$(cat "$HOME_OF_PEER/stamp" 2>/dev/null)" = "$SOURCE $REFLECT2" ] && return 0
  mkdir -p "$HOME_OF_PEER/bin"
  apt_own update
  unpacked usr/bin/etcd etcd-server
  unpacked usr/lib/go-1.19/bin/go golang-1.19-go golang-1.19-src
  unpacked usr/bin/rsync rsync libpopt0 libxxhash0 libzstd1 liblz4-1 libacl1
  unpacked usr/share/gocode/src/github.com/modern-go/reflect2 "$REFLECT2"
  cd "$HOME_OF_PEER"
  if [ ! -e "source/cmd/kube-apiserver" ]; then
    rm -rf source
    apt_own source --download-only "$SOURCE"
    dpkg-source --no-check -x ./*.dsc source >/dev/null
  fi
  local own=$HOME_OF_PEER/root libraries
  local newer=$own/usr/share/gocode/src/github.com/modern-go/reflect2 older=source/vendor/github.com/modern-go/reflect2
  rm -f "$older"/*.go "$older"/*.s && cp "$newer"/*.go "$newer"/*.s "$older"/ && rm -f "$older"/*_test.go
  libraries=$own/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH):$own/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
  mkdir -p source/.go/src/k8s.io && ln -sfn ../../.. source/.go/src/k8s.io/kubernetes
  cd source/.go/src/k8s.io/kubernetes
  GOROOT=$own/usr/lib/go-1.19 PATH=$own/usr/lib/go-1.19/bin:$own/usr/bin:$PATH LD_LIBRARY_PATH=$libraries GOPATH=$HOME_OF_PEER/source/.go GOCACHE=$HOME_OF_PEER/go-cache \
    CGO_ENABLED=0 GOFLAGS=-mod=vendor GOPROXY=off GO111MODULE=auto nice -n 15 make WHAT=cmd/kube-apiserver KUBE_GIT_VERSION=v$VERSION
  cp _output/local/bin/linux/*/kube-apiserver "$HOME_OF_PEER/bin/kube-apiserver"
  ln -sfn ../root/usr/bin/etcd "$HOME_OF_PEER/bin/etcd"
  cd "$HOME_OF_PEER" && rm -rf source go-cache apt packages ./*.orig.tar.* ./*.debian.tar.* ./*.dsc
  echo "$SOURCE $REFLECT2" >stamp
}

build
