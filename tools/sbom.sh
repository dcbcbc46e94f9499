#!/usr/bin/env bash
# Writes a bill of materials (CycloneDX) from the list of modules in a binary: tools/sbom.sh BINARY DOCUMENT
# The processor is compiled from this checkout, which the list calls "../..". Here it gets the name and the version of its release.
set -euo pipefail
cyclonedx=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
module=github.com/otelcol-tasker/otelcol-tasker

version=v$("$(dirname "$0")/version.sh")
"${GO:-go}" run "$cyclonedx" bin -json -noserial -version "$version" "$1" |
	sed -e "s|pkg:golang/\.\./\.\.@(devel)|pkg:golang/$module@$version|g" -e "s|\"name\": \"\.\./\.\.\"|\"name\": \"$module\"|" \
		-e "s|\"version\": \"(devel)\"|\"version\": \"$version\"|" >"$2"
