#!/bin/sh
# Prints the version of the distribution: dist::version of builder-config.yaml.
sed -n '/^dist:/,/^[^ ]/s/^  version: *"*\([^" ]*\).*/\1/p' "$(dirname "$0")/../builder-config.yaml"
