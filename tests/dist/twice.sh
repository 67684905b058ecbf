#!/usr/bin/env bash
# twice.sh FOLDER: builds the last commit's release files twice, in two folders of different names, with different umasks, locales and time zones, and
# compares every file. Neither build contains uncommitted changes. It takes long, because each build optimizes the whole program.
set -euo pipefail
cd "$(dirname "$0")/../.."
WORK=$1
rm -rf "$WORK" && mkdir -p "$WORK"
WORK=$(cd "$WORK" && pwd -P)
export DAYPASS_PEERS=${DAYPASS_PEERS:-$PWD/.peers}
unset SOURCE_DATE_EPOCH
# Fixed now, because somebody can commit while the first build runs.
COMMIT=$(git rev-parse HEAD)

# build NAME UMASK LOCALE ZONE
build() {
  git clone --quiet . "$WORK/$1"
  git -C "$WORK/$1" checkout --quiet --detach "$COMMIT"
  (umask "$2" && cd "$WORK/$1" && env LC_ALL="$3" TZ="$4" CARGO_TARGET_DIR="$WORK/$1/target" DAYPASS_DIST="$WORK/$1.out" nice -n 15 deploy/dist/dist.sh)
  rm -rf "${WORK:?}/$1"
}
build first 022 C UTC
build another-folder-with-a-longer-name 077 C.UTF-8 Asia/Kathmandu
if diff "$WORK/first.out/SHA256SUMS" "$WORK/another-folder-with-a-longer-name.out/SHA256SUMS"; then
  echo "two builds, one digest: $(wc -l <"$WORK/first.out/SHA256SUMS") files are equal"
else
  echo "two builds differ: see $WORK"; exit 1
fi
