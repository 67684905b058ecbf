#!/usr/bin/env bash
# pages.sh BINARY FOLDER: writes the binary's shell completions and man pages into FOLDER, with the layout of /usr/share.
set -euo pipefail
umask 022
BINARY=$(realpath "$1") FOLDER=$2
rm -rf "$FOLDER"
mkdir -p "$FOLDER/bash-completion/completions" "$FOLDER/zsh/vendor-completions" "$FOLDER/fish/vendor_completions.d"
"$BINARY" completions bash >"$FOLDER/bash-completion/completions/daypass"
"$BINARY" completions zsh >"$FOLDER/zsh/vendor-completions/_daypass"
"$BINARY" completions fish >"$FOLDER/fish/vendor_completions.d/daypass.fish"
"$BINARY" man "$FOLDER/man/man1"
gzip -9 -n "$FOLDER"/man/man1/*.1
