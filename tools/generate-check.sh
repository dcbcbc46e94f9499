#!/usr/bin/env bash
# Fails when code, schema or documentation are not what is generated from namespacesampler/metadata.yaml, or cmd/otelcol-tasker is not
# what the builder makes of builder-config.yaml. Works on a copy, so that a check changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
stale() {
	echo "$1: run make generate" >&2
	exit 1
}
mkdir "$copy/cmd" "$copy/docs"
cp -R go.mod go.sum tools namespacesampler builder-config.yaml "$copy"
cp -R cmd/otelcol-tasker "$copy/cmd"
rm "$copy"/cmd/otelcol-tasker/*.go
cp docs/configuration.md "$copy/docs"
(
	cd "$copy"
	tools/generate.sh
	log=$(go tool -modfile=tools/go.mod builder --skip-get-modules --skip-compilation --config builder-config.yaml 2>&1) ||
		{ echo "$log" >&2 && exit 1; }
)
diff -r namespacesampler "$copy/namespacesampler" || stale "generated files are stale"
diff docs/configuration.md "$copy/docs/configuration.md" || stale "docs/configuration.md is stale"
diff -r cmd/otelcol-tasker "$copy/cmd/otelcol-tasker" || stale "cmd/otelcol-tasker is stale"

# --skip-get-modules avoids downloading what only tests of requirements need, but also skips the builder's check of versions: it is made here.
sed -nE 's/^ *- gomod: //p' builder-config.yaml cmd/taskerload/builder-config.yaml | while read -r module; do
	grep -qF "	$module" cmd/otelcol-tasker/go.mod || stale "cmd/otelcol-tasker/go.mod does not require $module"
done
