#!/usr/bin/env bash
# Moves everything to another release of the Collector: update-otel.sh v0.158.0 [v1.64.0]
# The component is moved first, so that it is done even if modules that only other parts need cannot be downloaded.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/otel-release.sh

use_release "$@" || { echo "usage: make update-otel VERSION=v0.158.0" >&2 && exit 2; }
modules=(go.mod)
manifests=()
for file in tools/go.mod e2e/go.mod benchmarks/go.mod deploy/go.mod; do
	[ ! -e "$file" ] || modules+=("$file") # compat.sh has copies of the component alone
done
for file in builder-config.yaml cmd/taskerload/builder-config.yaml e2e/builder-config.yaml e2e/downstream-builder-config.yaml; do
	[ ! -e "$file" ] || manifests+=("$file")
done
sed -i -E "$renames" namespacesampler/internal/condition/ottl.go
sed -i -E "$pins" "${modules[@]}" "${manifests[@]}"
for mod in "${modules[@]}"; do
	(cd "$(dirname "$mod")" && go mod tidy) || { echo "$mod cannot be moved to $1" >&2 && exit 1; }
done
[ ! -e tools/go.mod ] || make generate
echo "moved to $1: now make lint test, and say so in CHANGELOG.md"
