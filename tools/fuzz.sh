#!/usr/bin/env bash
# Runs every fuzz target for a time: fuzz.sh 60s
set -euo pipefail
cd "$(dirname "$0")/.."

fuzztime=${1:?usage: tools/fuzz.sh 60s}
for package in $(grep -rl --include='*_test.go' '^func Fuzz' namespacesampler internal cmd | xargs -n1 dirname | sort -u); do
	for target in $(go test -list '^Fuzz' "./$package" | grep '^Fuzz'); do
		echo "fuzzing $package $target for $fuzztime"
		# What is found is made small by a few tries: to look for the smallest can take all of the time.
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" -fuzzminimizetime 100x "./$package" | tail -n 3
	done
done
