#!/usr/bin/env bash
# Measures everything that has a budget, in rounds over all rows, and prints the table of verdicts: bench.sh [ROUNDS]
# BENCHTIME is the time for each benchmark of a round, including the copying of batches. The results are written to build/bench.txt.
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

in_process=$PWD/build/benchmarks.test
: >"$results"
for round in $(seq "$rounds"); do
	echo "round $round of $rounds"
	measure benchmarks "$in_process" '^Benchmark(Row|Lookup)$' "${BENCHTIME:-300ms}"
	measure benchmarks "$in_process" '^BenchmarkParallel$' 700ms
	measure benchmarks "$in_process" '^BenchmarkTraceMemory$' 1x
	measure namespacesampler/internal/namespace "$PWD/build/cache.test" '^BenchmarkCacheMemory$' 1x
	for _ in 1 2; do # the CPU time of a process varies more than that of a loop
		measure e2e "$PWD/build/e2e.test" '^BenchmarkCollector$/^with=(none|namespace_sampler_.*)$' 1x
	done
	measure e2e "$PWD/build/e2e.test" '^BenchmarkTailSampling$' 1x
done
echo
build/verdict "$results"
