# Which module versions make up a release of the Collector, and what OTTL's names are in it. Sourced by update-otel.sh and compat.sh.

core='go\.opentelemetry\.io/collector[^ ]*'
contrib='github\.com/open-telemetry/opentelemetry-collector-contrib[^ ]*'
ottl='github\.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl'

# use_release v0.158.0 [v1.64.0] sets $minor, $pins and $renames, sed scripts that give module lines the versions, and ottl.go
# the names, of a release. Stable modules of the core are 94 minor versions behind, unless the second argument says otherwise.
# OTTL is stable from v0.164.0 on, where it is v1.3.0.
use_release() {
	[[ ${1:-} =~ ^v0\.([0-9]+)\.([0-9]+)$ ]] || return 1
	minor=${BASH_REMATCH[1]}
	local stable=${2:-v1.$((minor - 94)).0} ottl_version=$1 old=NewTransformContext new=NewTransformContextPtr
	((minor < 164)) || ottl_version=v1.$((minor - 161)).${BASH_REMATCH[2]}
	((minor < 161)) || old=NewTransformContextPtr new=NewTransformContext
	pins="s#($ottl) v[0-9.]+#\1 $ottl_version#; t; s#($core|$contrib) v0\.[0-9.]+#\1 $1#; s#($core) v1\.[0-9.]+#\1 $stable#"
	renames="s#\<$old\>#$new#"
}
