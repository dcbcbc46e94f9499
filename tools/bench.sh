#!/usr/bin/env bash
# Measures what there are budgets for, in rounds over all rows, and prints the table with verdicts: bench.sh [ROUNDS]
# BENCHTIME is for each benchmark of a round, with the copying of batches. The results are in build/bench.txt, for benchstat.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-6}
results=$PWD/build/bench.txt
mkdir -p build

(cd benchmarks && go test -c -o ../build/benchmarks.test . && go build -o ../build/verdict ./cmd/verdict)
go test -c -o build/cache.test ./namespacesampler/internal/namespace
(cd e2e && go test -c -o ../build/e2e.test .)
export OTELCOL_BENCH=$PWD/bin/otelcol-bench

measure() { # directory, binary, pattern, time
	(cd "$1" && "$2" -test.run '^$' -test.bench "$3" -test.benchtime "$4" -test.timeout 10m) | tee -a "$results" | grep -E '^Bench|FAIL'
}

: >"$results"
for round in $(seq "$rounds"); do
	echo "round $round of $rounds"
	measure benchmarks "$PWD/build/benchmarks.test" '^(BenchmarkRow|BenchmarkLookup)$' "${BENCHTIME:-1s}"
	measure namespacesampler/internal/namespace "$PWD/build/cache.test" '^BenchmarkCacheMemory$' 1x
	for _ in 1 2; do # a process's CPU varies more than a loop's
		measure e2e "$PWD/build/e2e.test" '^BenchmarkCollector$/^with=(none|namespace_sampler_1|namespace_sampler_0.1)$' 1x
	done
done
echo
build/verdict "$results"
