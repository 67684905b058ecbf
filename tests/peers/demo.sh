#!/usr/bin/env bash
# Runs the demo with a real STS emulator (ministack with authorisation on) on a free loopback port.
set -euo pipefail
cd "$(dirname "$0")/../.."
PEERS=${DAYPASS_PEERS:-$PWD/.peers}
DAYPASS=${CARGO_TARGET_DIR:-target}/debug/daypass
if [ ! -x "$PEERS/bin/ministack" ] || [ ! -x "$PEERS/bin/aws" ]; then
  exec "$DAYPASS" demo "$@"
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
state=$(mktemp -d)
AUTH=true BIND_HOST=127.0.0.1 GATEWAY_PORT=$port HOME=$state TMPDIR=$state "$PEERS/bin/ministack" >"$state/log" 2>&1 &
emulator=$!
trap 'kill "$emulator" 2>/dev/null; wait "$emulator" 2>/dev/null; rm -rf "$state"' EXIT
for _ in $(seq 150); do
  python3 - "$port" <<'PYTHON' 2>/dev/null && break
import sys, urllib.request
urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/_ministack/health", timeout=1)
PYTHON
  sleep 0.2
done
"$DAYPASS" demo --aws-endpoint "http://127.0.0.1:$port" --aws-cli "$PEERS/bin/aws" "$@"
