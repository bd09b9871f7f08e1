#!/usr/bin/env bash
# Build Pulumi's command line and its Python language host from their Go modules, into the folder that is named.
# Only for machines without them: https://www.pulumi.com/docs/install/ has them ready. Five minutes on two cores.
set -euo pipefail
into=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")"
if ! command -v go >/dev/null; then
  echo "Go is not here: install Go, or Pulumi itself." >&2
  exit 1
fi
export GOFLAGS=-mod=readonly
(cd engine && go build -buildvcs=false -ldflags="-s -w" -o "$into/pulumi" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi)
host=github.com/pulumi/pulumi/sdk/v3/python/cmd
(cd language_host && go build -buildvcs=false -ldflags="-s -w" -o "$into/pulumi-language-python" $host/pulumi-language-python)
# What starts the program is of the engine's version: it is a script, not a module.
sdk=$(cd engine && go list -m -f '{{.Dir}}' github.com/pulumi/pulumi/sdk/v3)
install -m 755 "$sdk/python/cmd/pulumi-language-python-exec" "$into/pulumi-language-python-exec"
