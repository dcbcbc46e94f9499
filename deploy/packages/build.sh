#!/usr/bin/env bash
# Makes a deb and an rpm of a collector: build.sh BINARY ARCH FOLDER, with ARCH as Go names it. NFPM is the command that runs nfpm, VERSION the version if it
# is not that of builder-config.yaml. With the same SOURCE_DATE_EPOCH, by default the time of the last commit, the packages are the same byte for byte.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
binary=$(realpath "$1")
folder=$(mkdir -p "$3" && realpath "$3")
cd "$root"

GENERATED=$(mktemp -d)
trap 'rm -rf "$GENERATED"' EXIT
export GENERATED BINARY=$binary ARCH=$2 VERSION=${VERSION:-$(tools/version.sh)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}

gzip -9nc deploy/packages/otelcol-tasker.8 >"$GENERATED/otelcol-tasker.8.gz"
gzip -9nc CHANGELOG.md >"$GENERATED/CHANGELOG.md.gz"
# Debian wants a changelog in a format of its own.
date=$(date -Rud "@$SOURCE_DATE_EPOCH")
gzip -9nc >"$GENERATED/changelog.gz" <<END
otelcol-tasker ($VERSION) unstable; urgency=medium

  * What has changed is in CHANGELOG.md.gz in this folder.

 -- $(sed -n 's/^maintainer: //p' deploy/packages/nfpm.yaml)  $date
END

for packager in deb rpm; do
	$NFPM package --config deploy/packages/nfpm.yaml --packager "$packager" --target "$folder"
done
