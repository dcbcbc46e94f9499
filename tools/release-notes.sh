#!/usr/bin/env bash
# Prints a section of CHANGELOG.md, without its heading: tools/release-notes.sh 0.1.0, or Unreleased.
# The heading is the version, with or without more, such as a date. Links to files get an address that works on the page of a release.
set -euo pipefail
revision=v${1:-}
[ "$revision" != vUnreleased ] || revision=main
awk -v name="${1:?usage: $0 SECTION}" '
	/^## / { inside = $2 == name; next }
	inside && (NF || started) { started = 1; print }
' "$(dirname "$0")/../CHANGELOG.md" |
	sed -E "s|\]\(([A-Za-z][A-Za-z0-9_./-]*[#)])|](https://github.com/otelcol-tasker/otelcol-tasker/blob/$revision/\1|g"
