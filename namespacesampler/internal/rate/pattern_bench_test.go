// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkLookupWithManyPatterns finds the rate of a name that is new to the table (new), or is not (again), beside the plain way.
func BenchmarkLookupWithManyPatterns(b *testing.B) {
	hostile := strings.Repeat("a", MaxMatchedBytes)
	for _, bm := range []struct {
		title, pattern string
		patterns       int
		name           string
	}{
		{"one prefix hit", "rust_*%.0d", 1, "rust_linear"},
		{"one prefix miss", "rust_*%.0d", 1, "payments"},
		{"ten prefixes", "team-%02d-*", 10, "team-09-orders"},
		{"prefixes", "team-%03d-*", MaxPatterns, "team-999-orders"},
		{"other prefixes", "team-%03d-*", MaxPatterns, "payments"},
		{"suffixes", "*-%03d", MaxPatterns, "team-orders-999"},
		{"stars", "*a*b%03d*c", MaxPatterns, strings.Repeat("ab", 32)},
		{"stars 1kB", "*a*a*a*a*a*a*a*b%03d", MaxPatterns, hostile},
		{"question 1kB", "*a?b%03d*", MaxPatterns, hostile},
		{"questions 1kB", "*aaaaaaaaaaaaaaaa?b%03d*", MaxPatterns, hostile},
		{"long 1kB", "*" + strings.Repeat("a?", 120) + "b%03d*", MaxPatterns, hostile},
		{"Cyrillic 1kB", "*а?б%03d*", MaxPatterns, strings.Repeat("а", MaxMatchedBytes/2)},
	} {
		var overrides []Override
		for i := range bm.patterns {
			overrides = append(overrides, Override{Key: fmt.Sprintf(bm.pattern, i), Signal: All, Source: SharedOverride, Probability: 0.5})
		}
		table, err := NewTable(Spec{Signal: Traces, Overrides: overrides, Precision: 4})
		require.NoError(b, err)
		b.Run(bm.title+"/plain", func(b *testing.B) {
			for b.Loop() {
				if table.runtime.exact[bm.name] != nil || table.configured.exact[bm.name] != nil {
					b.Fatal("not a pattern's")
				}
				for _, o := range overrides {
					if backtrack(o.Key, bm.name) {
						break
					}
				}
			}
		})
		b.Run(bm.title+"/new", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.configured.patterns.match(bm.name)
			}
		})
		b.Run(bm.title+"/again", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.Lookup(bm.name)
			}
		})
	}
}

func BenchmarkNewTableWithManyPatterns(b *testing.B) {
	var overrides []Override
	for i := range MaxPatterns {
		overrides = append(overrides, Override{Key: fmt.Sprintf("team-%03d-*", i), Signal: All, Source: SharedOverride, Probability: 0.5})
	}
	b.ReportAllocs()
	for b.Loop() {
		_, err := NewTable(Spec{Signal: Traces, Overrides: overrides, Precision: 4})
		require.NoError(b, err)
	}
}
