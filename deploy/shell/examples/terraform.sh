#!/bin/sh
# Applies `infra/` with its state in a bucket. `daypass.sh` (deploy/shell) is in the repository.
set -eu
export DAYPASS_SERVER=https://daypass.acme.com
export DAYPASS_URL=https://github.com/acme/daypass/releases/download/v0.1.0/daypass-0.1.0-linux-amd64
export DAYPASS_SHA256=0000000000000000000000000000000000000000000000000000000000000000
sh daypass.sh exec --aws --refresh --env "TF_VAR_database_password=shop/production/db.yaml#/password" -- sh -euc '
  terraform -chdir=infra init -input=false
  terraform -chdir=infra apply -input=false -auto-approve
'
