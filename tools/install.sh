#!/usr/bin/env bash
# Installs what tests and demo need of the system, where it is missing:
# install.sh postgres | pgbouncer | compiler | commands | chromium | promtool | xxhash | buildah | axe | packaging | debian
set -euo pipefail

have_postgres() {
	command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
		{ command -v pg_config >/dev/null && [ -x "$(pg_config --bindir)/initdb" ]; }
}
have_pgbouncer() { command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ]; }
have_commands() { command -v curl >/dev/null && command -v jq >/dev/null; }
have_chromium() { command -v chromium >/dev/null || command -v google-chrome >/dev/null; }
have_promtool() { command -v promtool >/dev/null; }
have_xxhash() { command -v xxhsum >/dev/null; }
have_packaging() { command -v dpkg-deb >/dev/null && command -v rpm >/dev/null && command -v systemd-analyze >/dev/null && command -v mandoc >/dev/null; }
have_debian() { command -v debootstrap >/dev/null && command -v systemd-nspawn >/dev/null; }
have_buildah() { command -v buildah >/dev/null; }
have_compiler() { command -v "$(go env CC)" >/dev/null; }

# axe-core checks the accessibility of the page. It is downloaded, not committed: its license is MPL-2.0. It is verified by the digest that npm has of it.
axe_version=4.14.1
axe_sha512=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5
sha512() { if command -v sha512sum >/dev/null; then sha512sum "$@"; else shasum -a 512 "$@"; fi; }
install_axe() {
	local archive=axe-core-$axe_version.tgz folder
	folder=$(cd "$(dirname "$0")/.." && pwd)/bin
	head -c 200 "$folder/axe.min.js" 2>/dev/null | grep -qF "axe v$axe_version" && return
	mkdir -p "$folder"
	echo "installing axe-core $axe_version"
	curl -fsSL --retry 3 -o "$folder/$archive" "https://registry.npmjs.org/axe-core/-/$archive"
	[ "$(sha512 <"$folder/$archive" | cut -d ' ' -f 1)" = $axe_sha512 ] || {
		rm -f "$folder/$archive"
		echo "$archive is not what it should be: its SHA-512 is another" >&2
		exit 1
	}
	tar -xzf "$folder/$archive" -C "$folder" --strip-components 1 package/axe.min.js
	rm "$folder/$archive"
}

case "${1:-}" in
postgres) have=have_postgres package=postgresql ;;
pgbouncer) have=have_pgbouncer package=pgbouncer ;;
compiler) have=have_compiler package="gcc libc6-dev" ;;
commands) have=have_commands package="curl jq" ;;
chromium) have=have_chromium package=chromium ;;
promtool) have=have_promtool package=prometheus ;;
xxhash) have=have_xxhash package=xxhash ;;
buildah) have=have_buildah package=buildah ;;
packaging) have=have_packaging package="dpkg rpm systemd mandoc" ;;
debian) have=have_debian package="debootstrap systemd-container procps" ;;
axe) install_axe && exit 0 ;;
*) echo "usage: $0 postgres | pgbouncer | compiler | commands | chromium | promtool | xxhash | buildah | axe | packaging | debian" >&2 && exit 2 ;;
esac

$have && exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
	as_root=(sudo -n)
fi
if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
	echo "installing $package"
	# shellcheck disable=SC2086 # several packages
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c "apt-get update -qq && apt-get install -y -qq --no-install-recommends $package" >/dev/null
fi
$have || {
	echo "$1 is missing and could not be installed. Install it (Debian, Ubuntu: apt-get install $package;" \
		"Fedora: dnf install ${package/postgresql/postgresql-server}; macOS: brew install ${package%% *}) and try again." >&2
	exit 1
}
