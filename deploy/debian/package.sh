#!/usr/bin/env bash
# package.sh BINARY PAGES ARCHITECTURE FOLDER: builds the Debian package without root. PAGES is the folder that pages.sh wrote.
# Its bytes depend only on its content, the commit and SOURCE_DATE_EPOCH. DAYPASS_MAINTAINER is its maintainer as `NAME <ADDRESS>`; without it,
# the committer is. DAYPASS_DEB_COMPRESSION=none is enough where only the list of files is tested.
set -euo pipefail
cd "$(dirname "$0")/../.."
BINARY=$1 PAGES=$2 ARCHITECTURE=$3 FOLDER=$4
VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p;/^version/q' Cargo.toml)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)} LC_ALL=C TZ=UTC
MAINTAINER=${DAYPASS_MAINTAINER:-$(git log -1 --format='%cn <%ce>')}
TREE=$(mktemp -d)
trap 'rm -rf "$TREE"' EXIT
umask 022
chmod 755 "$TREE"
mkdir -p "$TREE/DEBIAN" "$TREE/usr/share"
install -D -m 755 "$BINARY" "$TREE/usr/bin/daypass"
cp -r "$PAGES/." "$TREE/usr/share"
install -d "$TREE/usr/lib/systemd/system"
sed 's|/usr/local/bin/daypass|/usr/bin/daypass|' deploy/systemd/daypass.service >"$TREE/usr/lib/systemd/system/daypass.service"
install -D -m 644 deploy/systemd/sysusers.conf "$TREE/usr/lib/sysusers.d/daypass.conf"
install -D -m 644 deploy/systemd/tmpfiles.conf "$TREE/usr/lib/tmpfiles.d/daypass.conf"
DOC=$TREE/usr/share/doc/daypass
install -D -m 644 deploy/daypass.yaml "$DOC/examples/daypass.yaml"
install -m 644 deploy/debian/copyright "$DOC/copyright"
DATE=$(date -u -R -d "@$SOURCE_DATE_EPOCH")
printf 'daypass (%s) unstable; urgency=medium\n\n  * As of this version of the sources.\n\n -- %s  %s\n' "$VERSION" "$MAINTAINER" "$DATE" |
  gzip -9 -n >"$DOC/changelog.gz"
# Only files count, because the size of a folder depends on the file system.
SIZE=$(find "$TREE/usr" -type f -printf '%s\n' | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
sed "s/@VERSION@/$VERSION/;s/@ARCHITECTURE@/$ARCHITECTURE/;s/@SIZE@/$SIZE/" deploy/debian/control |
  MAINTAINER=$MAINTAINER awk '/^Maintainer: / { print "Maintainer: " ENVIRON["MAINTAINER"]; next } { print }' >"$TREE/DEBIAN/control"
for script in postinst prerm postrm; do install -m 755 "deploy/debian/$script" "$TREE/DEBIAN/$script"; done
(cd "$TREE" && find usr -type f | sort | xargs md5sum) >"$TREE/DEBIAN/md5sums"
find "$TREE" -exec touch --no-dereference -d "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$FOLDER"
# One thread, because the number of threads changes the compressed blocks.
dpkg-deb --root-owner-group -Z"${DAYPASS_DEB_COMPRESSION:-xz}" --threads-max=1 --build "$TREE" "$FOLDER/daypass_${VERSION}_$ARCHITECTURE.deb" >/dev/null
