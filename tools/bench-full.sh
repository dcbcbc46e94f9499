#!/usr/bin/env bash
# Measures shapes of batches, peers and CPUs that there are no budgets for, and prints benchstat's tables: bench-full.sh [ROUNDS]
# The results are in build/bench-full.txt. PATTERN chooses benchmarks.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-6}
results=$PWD/build/bench-full.txt
mkdir -p build
(cd benchmarks && go test -c -o ../build/benchmarks.test .)

: >"$results"
for round in $(seq "$rounds"); do
	echo "round $round of $rounds" >&2
	(cd benchmarks && ../build/benchmarks.test -test.run '^$' -test.bench "^Benchmark(${PATTERN:-Peers|Shape|Rate|Namespaces|Full|Points|TailSampling|Parallel})\$" \
		-test.benchtime "${BENCHTIME:-200ms}" -test.timeout 1h) >>"$results"
done
cd benchmarks
go tool benchstat -col /who -filter '.unit:(sec/item OR allocs/item OR decided-sec/item)' "$results"
