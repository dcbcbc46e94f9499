#!/usr/bin/env bash
# Fails when the code and documentation that mdatagen generates are not those of namespacesampler/metadata.yaml. Works on a
# copy, so that a check changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -R go.mod go.sum tools namespacesampler "$copy"
(cd "$copy" && go tool -modfile=tools/go.mod mdatagen namespacesampler/metadata.yaml)
diff -r namespacesampler "$copy/namespacesampler" || {
	echo "generated files are stale: run make generate" >&2
	exit 1
}
