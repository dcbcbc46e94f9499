#!/usr/bin/env bash
# Installs what tests and demo need of the system, where it is missing:
# install.sh postgres | pgbouncer | compiler | commands | chromium | promtool | xxhash
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
have_compiler() { command -v "$(go env CC)" >/dev/null; }

case "${1:-}" in
postgres) have=have_postgres package=postgresql ;;
pgbouncer) have=have_pgbouncer package=pgbouncer ;;
compiler) have=have_compiler package="gcc libc6-dev" ;;
commands) have=have_commands package="curl jq" ;;
chromium) have=have_chromium package=chromium ;;
promtool) have=have_promtool package=prometheus ;;
xxhash) have=have_xxhash package=xxhash ;;
*) echo "usage: $0 postgres | pgbouncer | compiler | commands | chromium | promtool | xxhash" >&2 && exit 2 ;;
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
