#!/usr/bin/env bash
# Runs every fuzz target for a time or a number of inputs: fuzz.sh 60s, fuzz.sh 20000x
set -euo pipefail
cd "$(dirname "$0")/.."

fuzztime=${1:?usage: tools/fuzz.sh 60s | 20000x}
for package in $(grep -rl --include='*_test.go' '^func Fuzz' namespacesampler internal cmd | xargs -n1 dirname | sort -u); do
	for target in $(go test -list '^Fuzz' "./$package" | grep '^Fuzz'); do
		time=$fuzztime
		if [[ $target =~ ^Fuzz(WholeTraces|Logs|RemainderOfHistograms)$ && $time == *x ]]; then # they run the processor for each input, which takes milliseconds
			time=$((${time%x} / 20))x
		fi
		echo "fuzzing $package $target for $time"
		# What is found is made small by a few tries: to look for the smallest can take all of the time.
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 100x "./$package" | tail -n 12
	done
done
