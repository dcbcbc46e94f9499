#!/usr/bin/env bash
# Builds the component and samples through it with releases of the Collector, in throw-away modules: compat.sh v0.158.0 v0.161.0
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/otel-release.sh

component=$(go list -m)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOFLAGS=-mod=mod GOWORK=off # throw-away modules have no complete go.sum

# source_for RELEASE prints the folder with the component: the checkout, or from v0.161.0 on a copy that update-otel.sh has moved.
source_for() {
	local copy=$work/$1/source
	((minor >= 161)) || { pwd && return; }
	mkdir -p "$copy/tools"
	cp -R go.mod go.sum namespacesampler cmd internal "$copy"
	cp tools/*.sh "$copy/tools" # without the module of the tools: the component alone
	"$copy/tools/update-otel.sh" "$1" >&2 && echo "$copy"
}

# user_module SOURCE prints the go.mod of a module that uses the component with the Collector modules of a release.
user_module() {
	printf 'module example.com/user\n\n%s\n\nrequire %s v0.0.0\nreplace %s => %s\n\n' "$(grep '^go ' "$1/go.mod")" "$component" "$component" "$1"
	echo "require ("
	grep -E "^	($core|$contrib) " "$1/go.mod" | sed -E "$pins"
	echo ")"
}

# collector_modules prints the modules of the Collector, with their versions, in the build of the smoke test.
collector_modules() {
	go list -deps -test -f '{{with .Module}}{{.Path}} {{.Version}}{{end}}' "$component/namespacesampler" | grep -E "^($core|$contrib) " | sort -u
}

check() {
	local source modules
	source=$(source_for "$1") && mkdir -p "$work/$1/user" && cp "$source/go.sum" "$work/$1/user" &&
		user_module "$source" >"$work/$1/user/go.mod" && cd "$work/$1/user" &&
		go vet -p 2 "$component/namespacesampler/..." &&
		go test -p 2 -count=1 -run '^TestSmoke' "$component/namespacesampler" &&
		modules=$(collector_modules) &&
		diff <(echo "$modules") <(sed -E "$pins" <<<"$modules") >&2 && # other versions than those of the release
		wc -l <<<"$modules" >"$work/$1/modules"
}

failed=0
for release; do
	mkdir -p "$work/$release"
	use_release "$release" || { echo "$release is no release of the Collector, such as v0.158.0" >&2 && exit 2; }
	if (check "$release") >"$work/$release/log" 2>&1; then
		echo "ok    Collector $release, $(cat "$work/$release/modules") modules of it"
	else
		cat "$work/$release/log" >&2
		echo "FAIL  Collector $release"
		failed=1
	fi
done
exit "$failed"
