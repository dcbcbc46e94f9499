// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

var sourceTexts = []struct {
	source oracle.Source
	text   string
}{
	{oracle.FromAttribute, "with a namespace"},
	{oracle.FromLookup, "resolved"},
	{oracle.FromUnknownKey, "with an unknown key"},
	{oracle.FromNothing, "without namespace and key"},
	{oracle.FromUnusedKey, "not looked up"},
}

var lookupOutcomes = []string{"hit", "resolved", "unknown", "unavailable", "malformed"}

func printLookups(b *strings.Builder, r *Run) {
	fmt.Fprintf(b, "\nLOOKUPS   (keys, round trips and duration are from the collector's own metrics)\n")
	var sources []string
	for _, s := range sourceTexts {
		if n := r.Spans.Sources[s.source] + r.Points.Sources[s.source] + r.Records.Sources[s.source]; n > 0 {
			sources = append(sources, Thousands(n)+" "+s.text)
		}
	}
	fmt.Fprintf(b, "  items        %s\n", strings.Join(sources, ", "))
	if r.Growth == nil {
		fmt.Fprintf(b, "  keys         not read: no --metrics-url\n")
		return
	}
	var keys []string
	for _, outcome := range lookupOutcomes {
		keys = append(keys, Thousands(int(r.Growth.Sum("lookup_keys", "outcome", outcome)))+" "+outcome)
	}
	fmt.Fprintf(b, "  keys         %s\n", strings.Join(keys, ", "))
	fmt.Fprintf(b, "  round trips  %s\n", Thousands(r.Growth.Total("lookup_round_trips")))
	if mean, p99, ok := r.Growth.LookupDuration(); ok {
		fmt.Fprintf(b, "  duration     mean %s, 99th percentile about %s\n", formatSeconds(mean), formatSeconds(p99))
	}
	unavailable := func(metric string) float64 { return r.Growth.Sum(metric, "rule", "unavailable") }
	if n := unavailable("spans") + unavailable("datapoints") + unavailable("log_records"); n > 0 {
		fmt.Fprintf(b, "  %s items were decided without an answer from Postgres, because it was unavailable or too slow: "+
			"the predictions for them do not hold\n", Thousands(int(n)))
	}
}

func formatSeconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(10 * time.Microsecond).String()
}
