#!/usr/bin/env bash
# Measures what there are budgets for, in rounds over all rows, and prints the table with verdicts: bench.sh [ROUNDS]
# BENCHTIME is for each benchmark of a round, with the copying of batches. COLLECTOR names a file with results of the built
# collector; without it, its rows are not judged. The results are in bin/bench.txt, for benchstat.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-6}
results=$PWD/bin/bench.txt
mkdir -p bin

(cd benchmarks && go test -c -o ../bin/benchmarks.test . && go build -o ../bin/verdict ./cmd/verdict)
go test -c -o bin/cache.test ./namespacesampler/internal/namespace

measure() { # directory, binary, pattern, time
	(cd "$1" && "$2" -test.run '^$' -test.bench "$3" -test.benchtime "$4" -test.timeout 10m) | tee -a "$results" | grep -E '^Bench|FAIL'
}

: >"$results"
for round in $(seq "$rounds"); do
	echo "round $round of $rounds"
	measure benchmarks "$PWD/bin/benchmarks.test" '^(BenchmarkRow|BenchmarkLookup)$' "${BENCHTIME:-1s}"
	measure namespacesampler/internal/namespace "$PWD/bin/cache.test" '^BenchmarkCacheMemory$' 1x
done
echo
if [ -n "${COLLECTOR:-}" ]; then
	bin/verdict "$results" "$COLLECTOR"
else
	bin/verdict -without collector "$results"
fi
