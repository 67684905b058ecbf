#!/usr/bin/env bash
# build.sh TARGET FILE: builds `daypass` for a target as a static binary, and its symbols and line numbers as FILE.debug.
# The bytes do not depend on the place or the time of the build: its paths are written as /build, /cargo and /rust.
set -euo pipefail
cd "$(dirname "$0")/../.."
TARGET=$1 FILE=$(realpath -m "$2")
ROOT=$(pwd -P)
CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
CARGO_HOME=$(realpath -m "${CARGO_HOME:-$HOME/.cargo}")
PEERS=${DAYPASS_PEERS:-$ROOT/.peers}
SYSROOT=$(rustc --print sysroot)
export CARGO_TARGET_DIR CARGO_INCREMENTAL=0
# rustc applies the last prefix that matches. The last one gives the standard library's sources the same path on machines with and without them.
RUSTFLAGS="-C target-feature=+crt-static -C link-arg=-Wl,--build-id=sha1"
RUSTFLAGS+=" --remap-path-prefix=$ROOT=/build --remap-path-prefix=$CARGO_TARGET_DIR=/build/target --remap-path-prefix=$CARGO_HOME=/cargo"
RUSTFLAGS+=" --remap-path-prefix=$SYSROOT=/rust --remap-path-prefix=$SYSROOT/lib/rustlib/src/rust=/rustc/$(rustc -vV | sed -n 's/^commit-hash: //p')"
export RUSTFLAGS
# The same for the C libraries: AWS-LC, SQLite and mimalloc.
export CFLAGS="-ffile-prefix-map=$ROOT=/build -ffile-prefix-map=$CARGO_TARGET_DIR=/build/target -ffile-prefix-map=$CARGO_HOME=/cargo"
export CXXFLAGS=$CFLAGS
objcopy=objcopy
if [ "${TARGET%%-*}" != "$(uname -m)" ]; then
  objcopy=${TARGET%%-*}-linux-gnu-objcopy
  export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
fi
# Writes the names and versions of the linked crates into the binary (github.com/rust-secure-code/cargo-auditable).
PATH="$PEERS/cargo-auditable/bin:$PATH" cargo auditable build --locked --profile dist --bin daypass --target "$TARGET"
BUILT=$CARGO_TARGET_DIR/$TARGET/dist/daypass
mkdir -p "$(dirname "$FILE")"
"$objcopy" --only-keep-debug --compress-debug-sections "$BUILT" "$FILE.debug"
chmod 644 "$FILE.debug"
# A debugger finds FILE.debug by its build id, or by its name and checksum in the binary's folder, so objcopy runs in that folder.
(cd "$(dirname "$FILE")" && "$objcopy" --strip-all --add-gnu-debuglink="$(basename "$FILE").debug" "$BUILT" "$(basename "$FILE")")
