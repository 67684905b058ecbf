#!/usr/bin/env bash
# Builds the release files into a folder (DAYPASS_DIST, else target/artefacts) for `make dist`. Needs no container daemon and no root.
# Two builds of one commit have the same bytes in any folders: tests/dist/twice.sh shows it.
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 022
TARGETS=${CARGO_TARGET_DIR:-target}
OUT=${DAYPASS_DIST:-$TARGETS/artefacts}
VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p;/^version/q' Cargo.toml)
export PATH="${DAYPASS_PEERS:-$PWD/.peers}/auditable2cdx/bin:$PATH" LC_ALL=C TZ=UTC
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
rm -rf "$OUT" && mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd -P)

# lacks MACHINE: prints why this machine cannot build for it; prints nothing if it can.
lacks() {
  local target=$1-unknown-linux-gnu
  compgen -G "$(rustc --print target-libdir --target "$target")/libstd-*.rlib" >/dev/null ||
    { echo "$(rustc --version | cut -d' ' -f1,2) has no standard library for $target here"; return; }
  [ "$1" = "$(uname -m)" ] || command -v "$1-linux-gnu-gcc" >/dev/null ||
    echo "the linker $1-linux-gnu-gcc is missing (Debian's gcc-${1/_/-}-linux-gnu)"
}

declare -A DEBIAN=([x86_64]=amd64 [aarch64]=arm64)
built=() lacking=()
for machine in x86_64 aarch64; do
  reason=$(lacks "$machine")
  if [ -n "$reason" ]; then lacking+=("not built: ${DEBIAN[$machine]}, because $reason"); continue; fi
  deploy/dist/build.sh "$machine-unknown-linux-gnu" "$OUT/daypass-$VERSION-linux-${DEBIAN[$machine]}"
  built+=("${DEBIAN[$machine]}")
done
here=$OUT/daypass-$VERSION-linux-${DEBIAN[$(uname -m)]}
[ -x "$here" ] || { echo "nothing was built for this machine, whose binary writes the man pages"; exit 1; }

# Bills of materials, packages and the image, all made from the binaries.
deploy/debian/pages.sh "$here" "$TARGETS/pages"
images=()
for architecture in "${built[@]}"; do
  binary=$OUT/daypass-$VERSION-linux-$architecture
  python3 deploy/dist/sbom.py "$binary" >"$binary.cdx.json"
  deploy/debian/package.sh "$binary" "$TARGETS/pages" "$architecture" "$OUT"
  images+=("$architecture=$binary")
done
python3 deploy/dist/image.py "$OUT/daypass-$VERSION-image" "$VERSION" "$(git rev-parse HEAD)" "${images[@]}"
(cd "$OUT" && sha256sum -- * >../SHA256SUMS && mv ../SHA256SUMS .)
(cd "$OUT" && for file in *; do printf '%9d KiB  %s\n' "$(($(stat -c %s "$file") / 1024))" "$file"; done)
echo "image: $(cat "$OUT/daypass-$VERSION-image.digest")"
[ "${#lacking[@]}" = 0 ] || printf '%s\n' "${lacking[@]}"
