#!/bin/sh
# Prints the version of the distribution: dist::version of builder-config.yaml.
sed -n '/^dist:/,/^[^ ]/s/^  version: *//p' "$(dirname "$0")/../builder-config.yaml"
