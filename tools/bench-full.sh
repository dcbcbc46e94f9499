#!/usr/bin/env bash
# Measures what has no budgets, shapes of batches and more peers, and prints the tables of benchstat: bench-full.sh [ROUNDS]
# The results are written to build/bench-full.txt. PATTERN selects benchmarks.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-6}
results=$PWD/build/bench-full.txt
mkdir -p build
(cd benchmarks && go test -c -o ../build/benchmarks.test .)

: >"$results"
for round in $(seq "$rounds"); do
	echo "round $round of $rounds" >&2
	(cd benchmarks && ../build/benchmarks.test -test.run '^$' -test.bench "^Benchmark(${PATTERN:-Peers|Shape|Rate|Namespaces|Full|Points})\$" \
		-test.benchtime "${BENCHTIME:-200ms}" -test.timeout 1h) >>"$results"
done
cd benchmarks
go tool benchstat -col /who -filter '.unit:(sec/item OR allocs/item)' "$results"
