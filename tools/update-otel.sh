#!/usr/bin/env bash
# Moves everything to another release of the Collector: update-otel.sh v0.158.0 [v1.64.0]
# Modules that are stable have versions of their own, 94 minor versions behind.
set -euo pipefail
cd "$(dirname "$0")/.."

beta=${1:-}
[[ $beta =~ ^v0\.([0-9]+)\.[0-9]+$ ]] || { echo "usage: make update-otel VERSION=v0.158.0" >&2 && exit 2; }
stable=${2:-v1.$((BASH_REMATCH[1] - 94)).0}
modules='(go\.opentelemetry\.io/collector|github\.com/open-telemetry/opentelemetry-collector-contrib)[^ ]*'

manifests=(builder-config.yaml e2e/builder-config.yaml)
files=("${manifests[@]}")
for mod in go.mod tools/go.mod e2e/go.mod benchmarks/go.mod; do
	[ -e "$mod" ] && files+=("$mod")
done
sed -i -E "s#($modules) v0\.[0-9]+\.[0-9]+#\1 $beta#; s#($modules) v1\.[0-9]+\.[0-9]+#\1 $stable#" "${files[@]}"
for mod in "${files[@]:${#manifests[@]}}"; do
	(cd "$(dirname "$mod")" && go mod tidy)
done
go tool -modfile=tools/go.mod mdatagen namespacesampler/metadata.yaml
echo "moved to $beta / $stable: now make lint test, and say so in CHANGELOG.md"
