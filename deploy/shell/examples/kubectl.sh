#!/bin/sh
# Applies `k8s/`. kubectl runs `daypass` itself (kubeconfig.yaml); `daypass.sh` (deploy/shell) is in the repository.
set -eu
export DAYPASS_SERVER=https://daypass.acme.com
export DAYPASS_URL=https://github.com/acme/daypass/releases/download/v0.1.0/daypass-0.1.0-linux-amd64
export DAYPASS_SHA256=0000000000000000000000000000000000000000000000000000000000000000
program=$(sh daypass.sh)
export PATH="${program%/*}:$PATH" KUBECONFIG=kubeconfig.yaml
kubectl apply --filename k8s
