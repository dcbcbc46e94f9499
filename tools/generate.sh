#!/usr/bin/env bash
# Makes code, the configuration schema and documentation of namespacesampler/metadata.yaml.
set -euo pipefail
cd "$(dirname "$0")/.."

go tool -modfile=tools/go.mod mdatagen namespacesampler/metadata.yaml
# mdatagen also makes Go types of the configuration, and cannot be told not to. They have the names of those in use, and cannot hold overrides in both forms.
rm -f namespacesampler/generated_config.go namespacesampler/generated_config_test.go
go -C tools run ./configschema ..
