#!/usr/bin/env bash
# Rewrites src/words/github/app-permissions.txt from GitHub's description of its API: app-permissions.sh VERSION
# The package has 28 MB, so no test installs it; this fetches it by name and version and reads one schema of it.
set -euo pipefail
cd "$(dirname "$0")/../.."
VERSION=${1:?the version of @octokit/openapi, such as 23.0.2}
FILE=$PWD/src/words/github/app-permissions.txt
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm pack --silent "@octokit/openapi@$VERSION" >/dev/null && tar xzf octokit-openapi-*.tgz package/generated/api.github.com.json)
node - "$folder/package/generated/api.github.com.json" "$VERSION" >"$FILE" <<'SCRIPT'
const [file, version] = process.argv.slice(2);
const keys = require(file).components.schemas['app-permissions'].properties;
console.log(`# Every permission of a GitHub App and the levels it has: the schema \`app-permissions\` of generated/api.github.com.json in
# npm's @octokit/openapi ${version}. Made by tests/peers/app-permissions.sh; a peer's test compares it with @octokit/openapi-types.`);
for (const key of Object.keys(keys).sort()) console.log([key, ...keys[key].enum].join(' '));
SCRIPT
echo "wrote $FILE"
