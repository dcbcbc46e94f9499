#!/usr/bin/env bash
# Generates code, the configuration schema and documentation from namespacesampler/metadata.yaml.
set -euo pipefail
cd "$(dirname "$0")/.."

go tool -modfile=tools/go.mod mdatagen namespacesampler/metadata.yaml
# mdatagen always generates Go types of the configuration too. Their names clash with ours, and they cannot hold both forms of overrides.
rm -f namespacesampler/generated_config.go namespacesampler/generated_config_test.go
go -C tools run ./configschema ..
