// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheRulesThatAreTriedForANamespace(t *testing.T) {
	configured := slices.Concat(
		listed(SignalOverride, map[string]float64{"both": 0.9, "sig*": 0.8}),
		listed(SharedOverride, map[string]float64{"both": 0.7, "shared": 0.6, "sh*": 0.5, "s*": 0.4, "?*z": 0.3}),
		of(Metrics, listed(SignalOverride, map[string]float64{"other": 1, "o*": 1})))
	runtime := slices.Concat(
		listed(RuntimeOverride, map[string]float64{"payments": 0.1, "": 0.1}),
		of(Traces, listed(RuntimeOverride, map[string]float64{"p*": 0.2, "pa*": 0.2, "s?": 0.2})))
	var (
		noName        = Attempt{Rule: Exact, Source: RuntimeOverride, Signal: All}
		noPattern     = Attempt{Rule: Pattern, Source: RuntimeOverride, Signal: Traces, Patterns: 3}
		noSignalName  = Attempt{Rule: Exact, Source: SignalOverride, Signal: Traces}
		noSharedName  = Attempt{Rule: Exact, Source: SharedOverride, Signal: All}
		noSignalMatch = Attempt{Rule: Pattern, Source: SignalOverride, Signal: Traces, Patterns: 1}
		noSharedMatch = Attempt{Rule: Pattern, Source: SharedOverride, Signal: All, Patterns: 3}
		global        = Attempt{Rule: Global, Source: SharedGlobal, Signal: All, IsMatch: true}
	)
	matched := func(a Attempt, patterns int, pattern string) Attempt {
		a.Patterns, a.Pattern, a.IsMatch = patterns, pattern, true
		return a
	}
	for name, tt := range map[string]struct {
		overrides []Override
		namespace string
		want      []Attempt
	}{
		"nothing but the global rate":           {nil, "payments", []Attempt{global}},
		"a runtime override":                    {slices.Concat(runtime, configured), "payments", []Attempt{matched(noName, 0, "")}},
		"the first runtime pattern":             {slices.Concat(runtime, configured), "party", []Attempt{noName, matched(noPattern, 1, "pa*")}},
		"the last runtime pattern":              {slices.Concat(runtime, configured), "sx", []Attempt{noName, matched(noPattern, 3, "s?")}},
		"the name for the signal":               {slices.Concat(runtime, configured), "both", []Attempt{noName, noPattern, matched(noSignalName, 0, "")}},
		"the name for all signals":              {configured, "shared", []Attempt{noSignalName, matched(noSharedName, 0, "")}},
		"the pattern of the signal":             {configured, "signal", []Attempt{noSignalName, noSharedName, matched(noSignalMatch, 1, "sig*")}},
		"the first pattern for all":             {configured, "shop", []Attempt{noSignalName, noSharedName, noSignalMatch, matched(noSharedMatch, 1, "sh*")}},
		"the third pattern for all":             {configured, "size", []Attempt{noSignalName, noSharedName, noSignalMatch, matched(noSharedMatch, 3, "s*")}},
		"no override of the signal":             {configured, "other", []Attempt{noSignalName, noSharedName, noSignalMatch, noSharedMatch, global}},
		"no pattern matches the empty name":     {configured, "", []Attempt{noSignalName, noSharedName, global}},
		"the empty name":                        {runtime, "", []Attempt{matched(noName, 0, "")}},
		"a name too long to be matched":         {configured, strings.Repeat("s", MaxMatchedBytes+1), []Attempt{noSignalName, noSharedName, global}},
		"the text of a pattern is a name":       {configured, "sh*", []Attempt{noSignalName, matched(noSharedName, 0, "")}},
		"patterns are no names that were tried": {listed(SharedOverride, map[string]float64{"s*": 1}), "x", []Attempt{{Rule: Pattern, Source: SharedOverride, Signal: All, Patterns: 1}, global}},
	} {
		t.Run(name, func(t *testing.T) {
			table, err := NewTable(Spec{Signal: Traces, Overrides: tt.overrides, Global: 0.25, Precision: 4})
			require.NoError(t, err)
			assert.Equal(t, tt.want, table.Tried(tt.namespace))
		})
	}
}

// TestTheLastRuleThatIsTriedIsTheOneThatApplies compares with Peek and, rule by rule, with the overrides themselves, in random tables.
func TestTheLastRuleThatIsTriedIsTheOneThatApplies(t *testing.T) {
	rng := rand.New(rand.NewPCG(42, 1))
	text := func(alphabet string) string {
		text := make([]byte, rng.IntN(4))
		for i := range text {
			text[i] = alphabet[rng.IntN(len(alphabet))]
		}
		return string(text)
	}
	last := map[string]int{}
	for range 3_000 {
		var overrides []Override
		for range rng.IntN(12) {
			o := Override{Key: text("aab*?"), Source: RuntimeOverride, Signal: Signals[rng.IntN(2)], Probability: rng.Float64()}
			switch rng.IntN(4) {
			case 0:
				o.Signal = All
			case 1:
				o.Source = SignalOverride
			case 2:
				o.Source, o.Signal = SharedOverride, All
			}
			overrides = append(overrides, o)
		}
		table, err := NewTable(Spec{Signal: Traces, Overrides: overrides, Global: 0.5, Precision: 14})
		require.NoError(t, err)
		for range 5 {
			name := text("ab*")
			tried := table.Tried(name)
			for i, a := range tried {
				require.Equal(t, i == len(tried)-1, a.IsMatch, "%q of %+v: %+v", name, overrides, tried)
				require.Equal(t, a.IsMatch, a.Rule == Global || isMatchOf(a, name, overrides), "%q of %+v: %+v", name, overrides, a)
			}
			a, m := tried[len(tried)-1], table.Peek(name)
			require.Equal(t, []any{m.Rule, m.Source, m.Signal, m.Pattern}, []any{a.Rule, a.Source, a.Signal, a.Pattern})
			last[fmt.Sprint(a.Source, " ", a.Rule, " ", a.Signal)]++
		}
	}
	assert.Len(t, last, 9, "every rule was the last one at some time: %v", last)
}

// isMatchOf reports whether any override of a rule matches a name.
func isMatchOf(a Attempt, name string, overrides []Override) bool {
	return slices.ContainsFunc(overrides, func(o Override) bool {
		if o.Source != a.Source || o.Signal != a.Signal {
			return false
		}
		if a.Rule == Exact {
			return o.Key == name
		}
		return IsPattern(o.Key) && name != "" && backtrack(o.Key, name)
	})
}
