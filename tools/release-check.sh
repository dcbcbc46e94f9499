#!/usr/bin/env bash
# Refuses a release whose tag is not the version of builder-config.yaml, or that has no section in CHANGELOG.md: tools/release-check.sh v0.1.0
set -euo pipefail
cd "$(dirname "$0")/.."

[ -n "${1:-}" ] || { echo "usage: $0 TAG" >&2 && exit 2; }
tag=$1
version=$(tools/version.sh)
fail() {
	echo "$1" >&2
	exit 1
}
[ "$tag" = "v$version" ] || fail "the tag is $tag, but dist::version in builder-config.yaml is $version: set one of them"
grep -qF "otelcol-tasker/otelcol-tasker v$version" builder-config.yaml || fail "the processor in builder-config.yaml is not at v$version"
[ -n "$(tools/release-notes.sh "$version")" ] || fail "CHANGELOG.md has no section '## $version', or an empty one"
