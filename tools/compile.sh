#!/usr/bin/env bash
# Compiles the collector, for any system, with the builder and the builder's flags: GOOS=linux GOARCH=arm64 tools/compile.sh -o FILE.
# Goreleaser runs it as its compiler (.goreleaser.yaml). What it passes besides -o are flags of its own, which are ignored.
set -euo pipefail

output=
while [ $# -gt 0 ]; do
	if [ "$1" = -o ]; then output=$2; fi
	shift
done
[ -n "$output" ] || { echo "usage: [GOOS=… GOARCH=…] $0 -o FILE" >&2 && exit 2; }
[[ $output = /* ]] || output=$PWD/$output
cd "$(dirname "$0")/.."
mkdir -p build "$(dirname "$output")"
if command -v flock >/dev/null; then # one at a time: the builder's folder is the same for all systems
	exec 9>build/.lock
	flock 9
fi
# The builder runs here, so it is built for this system, which `go tool` does not do. It starts go, which takes GOOS and GOARCH from the environment.
env -u GOOS -u GOARCH "${GO:-go}" build -modfile=tools/go.mod -o build/builder go.opentelemetry.io/collector/cmd/builder
build/builder --skip-get-modules --config builder-config.yaml
built=cmd/otelcol-tasker/otelcol-tasker
if [ "${GOOS:-}" = windows ]; then built=$built.exe; fi
mv "$built" "$output"
