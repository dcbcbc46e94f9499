// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// maxRandomness is the highest randomness, of 56 bits.
const maxRandomness = 1<<56 - 1

// Records with a trace ID or a randomness, whose thresholds are true, are decided and stamped as by probabilistic_sampler (L2).
func TestLogRecordsAreSampledAsByProbabilisticSampler(t *testing.T) {
	const rates, records = 40, 400
	for _, mode := range []string{"equalizing", "proportional"} {
		t.Run(mode, func(t *testing.T) {
			rng, kept := rand.New(rand.NewPCG(1, 2)), 0
			for range rates {
				percentage, precision := randomPercentage(rng), 1+rng.IntN(14)
				sampler := samplerOnLogs(mode, percentage)
				sampler.keys["sampling_precision"] = precision
				ours := logProcessor{factory: ours(nil).factory, keys: settings{
					"sample_rate": float64(percentage) / 100, "tracing": settings{"mode": mode, "sampling_precision": precision},
				}}
				data := randomRecords(rng, records, float64(percentage)/100)
				want, got := logSignal.copyOf(data), logSignal.copyOf(data)
				sampler.Start(t)(want)
				ours.Start(t)(got)
				kept += want.LogRecordCount()
				if !assert.Equal(t, describe(data, want), describe(data, got), "%v %%, precision %d", percentage, precision) {
					return
				}
			}
			t.Logf("%d of %d records are kept", kept, rates*records)
			assert.Greater(t, kept, rates*records/10)
			assert.Less(t, kept, rates*records*9/10)
		})
	}
}

// randomPercentage returns a percentage between 0 and 100: of any size, or close to either. Thresholds differ if a rate is not what a float32
// percentage comes to.
func randomPercentage(rng *rand.Rand) float32 {
	share := 1 / float64(uint64(1)<<rng.IntN(56)) * (1 - rng.Float64()/2)
	switch rng.IntN(4) {
	case 0:
		return float32(100 * rng.Float64())
	case 1:
		return max(float32(100*share), 100.0/(1<<56))
	case 2:
		return min(float32(100*(1-share)), 99.99999)
	}
	return []float32{50, 25, 10, 100.0 / 3, 6.25, 1, 0.1, 100.0 / (1 << 56)}[rng.IntN(8)]
}

// randomRecords returns records with a trace ID, a randomness or both. Their bodies are their numbers.
func randomRecords(rng *rand.Rand, n int, rate float64) plog.Logs {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for i := range n {
		record := records.AppendEmpty()
		record.Body().SetInt(int64(i))
		record.Attributes().PutStr("namespace", "payments")
		randomness := randomRandomness(rng, rate)
		switch rng.IntN(4) {
		case 0:
			record.Attributes().PutStr("sampling.randomness", fmt.Sprintf("%014x", randomness))
		case 1:
			record.Attributes().PutStr("sampling.randomness", fmt.Sprintf("%014X", randomness))
			record.SetTraceID(traceIDOf(rng.Uint64(), rng.Uint64()))
		case 2:
			record.Attributes().PutInt("sampling.randomness", 1) // counts as absent
			fallthrough
		default:
			record.SetTraceID(traceIDOf(rng.Uint64()|1, rng.Uint64()<<56|randomness))
		}
		putThreshold(rng, record.Attributes(), randomness)
		record.Attributes().PutStr("last", "value")
	}
	return ld
}

// randomRandomness returns a randomness of any size, close to the highest, or close to the threshold of a rate.
func randomRandomness(rng *rand.Rand, rate float64) uint64 {
	switch rng.IntN(3) {
	case 0:
		return rng.Uint64N(maxRandomness + 1)
	case 1:
		return maxRandomness - rng.Uint64()>>(8+rng.IntN(56))
	}
	threshold := int64((1 - rate) * (maxRandomness + 1))
	return uint64(min(max(threshold+rng.Int64N(5)-2, 0), maxRandomness))
}

// putThreshold writes a threshold that is true for a randomness, or none.
func putThreshold(rng *rand.Rand, attributes pcommon.Map, randomness uint64) {
	threshold := randomness
	switch rng.IntN(6) {
	case 0:
		return
	case 1:
		attributes.PutBool("sampling.threshold", true) // counts as absent
		return
	case 2:
		threshold = 0
	case 3:
		threshold = rng.Uint64N(randomness + 1)
	case 4:
		shift := 4 * (1 + rng.IntN(13))
		threshold = randomness >> shift << shift
	}
	digits := fmt.Sprintf("%014x", threshold)
	short := strings.TrimRight(digits, "0")
	digits = digits[:max(1, len(short)+rng.IntN(len(digits)-len(short)+1))] // some of the trailing zeros remain
	if rng.IntN(4) == 0 {
		digits = strings.ToUpper(digits)
	}
	attributes.PutStr("sampling.threshold", digits)
}

func traceIDOf(high, low uint64) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[:8], high)
	binary.BigEndian.PutUint64(id[8:], low)
	return id
}

// describe returns a line for each record: what it was, and what has become of it.
func describe(before, after plog.Logs) []string {
	kept := map[int64]string{}
	for _, record := range recordsOf(after) {
		kept[record.Body().Int()] = "kept: " + attributesIn(record)
	}
	lines := []string{}
	for _, record := range recordsOf(before) {
		outcome, ok := kept[record.Body().Int()]
		if !ok {
			outcome = "dropped"
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s", record.TraceID(), attributesIn(record), outcome))
	}
	return lines
}

// attributesIn returns the attributes of a record in their order.
func attributesIn(record plog.LogRecord) string {
	var b strings.Builder
	for key, value := range record.Attributes().All() {
		fmt.Fprintf(&b, "%s=%s:%s ", key, value.Type(), value.AsString())
	}
	return b.String()
}

// TestASamplerBehindKeepsGroupsOfLogRecordsWhole: what the processor has kept by its group is neither false nor a trace of its own to
// probabilistic_sampler (L4, G3).
func TestASamplerBehindKeepsGroupsOfLogRecordsWhole(t *testing.T) {
	const groups, records = 400, 5
	ours := logProcessor{factory: ours(nil).factory, keys: settings{"sample_rate": 0.25, "consistent_by": []any{"correlation_id"}}}
	for _, behind := range []struct {
		percentage float32
		threshold  uint64 // of both samplers together
	}{{50, 0xc << 52}, {25, 0xc << 52}, {12.5, 0xe << 52}, {6.25, 0xf << 52}, {1, 0xfd70a << 36}} {
		t.Run(fmt.Sprintf("%v %%", behind.percentage), func(t *testing.T) {
			rng, data := rand.New(rand.NewPCG(3, 4)), plog.NewLogs()
			out := data.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
			want := map[int64]string{}
			for i := range int64(groups * records) {
				key := workflowUUID(int(i) % groups)
				record := out.AppendEmpty()
				record.Body().SetInt(i)
				if i/groups > 0 { // one in five has no trace ID
					record.SetTraceID(traceIDOf(rng.Uint64(), rng.Uint64()))
				}
				record.Attributes().PutStr("correlation_id", key)
				if randomness := xxhash.Sum64String(key) >> 8; randomness >= behind.threshold {
					want[i] = fmt.Sprintf("%014x", randomness)
				}
			}
			ours.Start(t)(data)
			samplerOnLogs("equalizing", behind.percentage).Start(t)(data)
			got := map[int64]string{}
			for _, record := range recordsOf(data) {
				randomness, ok := record.Attributes().Get("sampling.randomness")
				require.True(t, ok)
				got[record.Body().Int()] = randomness.Str()
			}
			require.NotEmpty(t, want)
			assert.Equal(t, want, got)
		})
	}
}
