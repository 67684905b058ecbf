#!/bin/sh
# Downloads one pinned daypass and runs it: `sh daypass.sh exec --aws -- ./deploy.sh`. Without arguments it prints the program's path.
#
#   DAYPASS_SHA256    required: the program's SHA-256, 64 hexadecimal digits, as SHA256SUMS of the release has it
#   DAYPASS_URL       where the program is, https
#   DAYPASS_RELEASES, DAYPASS_VERSION   instead of DAYPASS_URL: the URL is RELEASES/download/vVERSION/daypass-VERSION-linux-ARCH
#   DAYPASS_BINARY    an installed program, instead of a download; its digest is compared only if DAYPASS_SHA256 is set
#   DAYPASS_FOLDER    the folder to keep the program in, which only this user can write; by default ~/.cache/daypass/SHA256
set -eu

# begin: the pinned program
daypass_fails() {
  printf 'daypass: %s\n' "$1" >&2
  exit 125
}

# daypass_check FILE NAME: fails unless the file has the pinned digest, so that no other program ever runs.
daypass_check() {
  if command -v sha256sum >/dev/null 2>&1; then daypass_found=$(sha256sum <"$1")
  elif command -v shasum >/dev/null 2>&1; then daypass_found=$(shasum -a 256 <"$1")
  else daypass_fails 'neither sha256sum nor shasum is here, so the digest cannot be compared and nothing is run'; fi
  daypass_found=${daypass_found%% *}
  [ "$daypass_found" = "$DAYPASS_SHA256" ] && return 0
  daypass_fails "$2 has the SHA-256 $daypass_found, and $DAYPASS_SHA256 is pinned: it is not run"
}

# daypass_fetch URL FILE
daypass_fetch() {
  case $1 in https://*) ;; *) daypass_fails "the program is taken from https addresses alone, not from $1" ;; esac
  if command -v curl >/dev/null 2>&1; then
    curl --proto '=https' --proto-redir '=https' --fail --silent --show-error --location --retry 2 --max-time 300 \
      --max-filesize 268435456 --output "$2" "$1" || daypass_fails "$1 could not be downloaded"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -T 60 -O "$2" "$1" || daypass_fails "$1 could not be downloaded"
  else daypass_fails 'neither curl nor wget is here: install one, or name a program that is there by DAYPASS_BINARY'; fi
}

daypass_url() {
  [ -z "${DAYPASS_URL:-}" ] || { printf '%s\n' "$DAYPASS_URL"; return 0; }
  if [ -z "${DAYPASS_RELEASES:-}" ] || [ -z "${DAYPASS_VERSION:-}" ]; then
    daypass_fails 'name the program: DAYPASS_URL, or DAYPASS_RELEASES and DAYPASS_VERSION, or DAYPASS_BINARY'
  fi
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) daypass_arch=amd64 ;;
    Linux-aarch64 | Linux-arm64) daypass_arch=arm64 ;;
    *) daypass_fails "no release has a program for $(uname -s) on $(uname -m)" ;;
  esac
  printf '%s/download/v%s/daypass-%s-linux-%s\n' "${DAYPASS_RELEASES%/}" "$DAYPASS_VERSION" "$DAYPASS_VERSION" "$daypass_arch"
}

# daypass_program: prints the path of the pinned program.
daypass_program() {
  # A bare name would be run from PATH, but its digest would be computed in this folder.
  case ${DAYPASS_BINARY:-/} in */*) ;; *) daypass_fails "DAYPASS_BINARY is $DAYPASS_BINARY: name the program by its path, such as ./daypass" ;; esac
  if [ -n "${DAYPASS_BINARY:-}" ] && [ -z "${DAYPASS_SHA256:-}" ]; then
    [ -x "$DAYPASS_BINARY" ] || daypass_fails "$DAYPASS_BINARY is no program"
    printf '%s\n' "$DAYPASS_BINARY"
    return 0
  fi
  DAYPASS_SHA256=$(printf %s "${DAYPASS_SHA256:-}" | tr A-F a-f)
  case $DAYPASS_SHA256 in *[!0123456789abcdef]*) daypass_fails 'DAYPASS_SHA256 is no SHA-256: it has 64 hexadecimal digits' ;; esac
  [ "${#DAYPASS_SHA256}" = 64 ] || daypass_fails 'DAYPASS_SHA256 is no SHA-256: it has 64 hexadecimal digits'
  if [ -n "${DAYPASS_BINARY:-}" ]; then
    daypass_check "$DAYPASS_BINARY" "$DAYPASS_BINARY"
    printf '%s\n' "$DAYPASS_BINARY"
    return 0
  fi
  daypass_address=$(daypass_url) || exit
  umask 077
  daypass_folder=${DAYPASS_FOLDER:-}
  if [ -z "$daypass_folder" ]; then
    daypass_cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
    daypass_folder=${daypass_cache:-$(mktemp -d)}/daypass/$DAYPASS_SHA256
  fi
  mkdir -p "$daypass_folder"
  if [ ! -e "$daypass_folder/daypass" ]; then
    daypass_part=$(mktemp "$daypass_folder/part.XXXXXX")
    trap 'rm -f "$daypass_part"' EXIT
    daypass_fetch "$daypass_address" "$daypass_part"
    daypass_check "$daypass_part" "$daypass_address"
    chmod 700 "$daypass_part"
    mv "$daypass_part" "$daypass_folder/daypass"
  fi
  daypass_check "$daypass_folder/daypass" "$daypass_folder/daypass"
  printf '%s\n' "$daypass_folder/daypass"
}
# end: the pinned program

daypass_bin=$(daypass_program)
if [ "$#" = 0 ]; then
  printf '%s\n' "$daypass_bin"
else
  exec "$daypass_bin" "$@"
fi
