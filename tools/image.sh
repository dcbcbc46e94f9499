#!/usr/bin/env bash
# Builds the container image of deploy/container/Dockerfile as an OCI layout, with buildah and without a daemon or a registry:
# tools/image.sh CONTEXT LAYOUT amd64=BINARY [arm64=BINARY]
# CONTEXT is filled with what the Dockerfile copies, and left behind for `docker buildx build`.
# The image is reproducible: files and configuration have the time of the revision (or SOURCE_DATE_EPOCH).
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -ge 3 ] || { echo "usage: $0 CONTEXT LAYOUT ARCHITECTURE=BINARY…" >&2 && exit 2; }
context=$1 layout=$2
shift 2

rm -rf "$context" "$layout"
mkdir -p "$context/build" "$context/deploy" "$(dirname "$layout")"
platforms=
for pair in "$@"; do
	platforms+=${platforms:+,}linux/${pair%%=*}
	mkdir -p "$context/linux/${pair%%=*}"
	install -m 755 "${pair#*=}" "$context/linux/${pair%%=*}/otelcol-tasker"
done
install -m 644 deploy/config.yaml "$context/deploy/config.yaml"
(cd deploy && "${GO:-go}" run ./container/cacerts) >"$context/build/ca-certificates.crt"
chmod 644 "$context/build/ca-certificates.crt"

version=$(tools/version.sh)
revision=$(git describe --always --dirty --abbrev=40 --exclude '*' 2>/dev/null || echo unknown)
created=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}

# buildah writes nothing outside of $storage: told that it is not root, it looks below $HOME, not in /var. Without root, a user namespace in which
# this user is root is enough, since all files of the image are root's.
storage=$(mktemp -d)
user_namespace=()
if [ "$(id -u)" != 0 ]; then user_namespace=(unshare --map-root-user); fi
run_buildah() {
	env HOME="$storage" XDG_RUNTIME_DIR="$storage/run" TMPDIR="$storage" BUILDAH_ISOLATION=chroot \
		_CONTAINERS_USERNS_CONFIGURED=done _CONTAINERS_ROOTLESS_UID=1 \
		"${user_namespace[@]}" buildah --storage-driver vfs --root "$storage/root" --runroot "$storage/run" "$@"
}
trap 'chmod -R u+rwX "$storage"; rm -rf "$storage"' EXIT # some of its folders are read-only
if ! command -v buildah >/dev/null || ! run_buildah info >"$storage/info" 2>&1; then
	[ ! -s "$storage/info" ] || cat "$storage/info" >&2
	echo "buildah is missing, or does not work here. With Docker: docker buildx build -f deploy/container/Dockerfile --platform $platforms" \
		"--build-arg VERSION=$version --build-arg REVISION=$revision $context" >&2
	exit 3
fi
for platform in ${platforms//,/ }; do # one after the other, since buildah lists several in any order
	run_buildah build --quiet --platform "$platform" --manifest image --timestamp "$created" --identity-label=false \
		--build-arg "VERSION=$version" --build-arg "REVISION=$revision" -f deploy/container/Dockerfile "$context" >/dev/null
done
run_buildah manifest push --quiet --all image "oci:$layout:$version" >/dev/null
echo "$layout: otelcol-tasker $version for $platforms, $(du -sh "$layout" | cut -f 1)"
