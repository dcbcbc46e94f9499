// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"maps"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// FuzzRecord holds records with any stamp to what the rules say of all of them.
func FuzzRecord(f *testing.F) {
	for i, v := range vectors {
		id := traceID(f, v.id)
		f.Add(id[:], "8", "", v.rate, uint8(i), v.mode == Proportional, "")
	}
	for _, stamp := range [][2]string{{"", "ffffffffffffff"}, {"c", "80000000000000"}, {"zz", "80000000000000"}, {"c", "8"}, {"8000000000000000", ""}, {"0", "0"}} {
		f.Add([]byte{9: 0xff, 15: 1}, stamp[0], stamp[1], 0.3, uint8(3), false, "a group")
		f.Add([]byte{}, stamp[0], stamp[1], 0.7, uint8(13), true, "")
	}
	f.Fuzz(func(t *testing.T, idBytes []byte, th, rv string, probability float64, precision uint8, isProportional bool, key string) {
		r, err := rate.New(probability, 1+int(precision)%14)
		if err != nil {
			return
		}
		s := NewSampler(Equalizing, 1+int(precision)%14)
		if isProportional {
			s = NewSampler(Proportional, 1+int(precision)%14)
		}
		if key != "" {
			s = s.In(group.Of(key))
		}
		var id pcommon.TraceID
		copy(id[:], idBytes)
		in := map[string]any{"other": "value", "sampling": int64(1)}
		if th != "" {
			in[ThresholdAttribute] = th
		}
		if rv != "" {
			in[RandomnessAttribute] = rv
		}
		before := pcommon.NewMap()
		require.NoError(t, before.FromRaw(in))
		stamp := ReadStamp(before)
		hasRandomness := stamp.hasRandomness || id != noID || s.HasGroup() && !stamp.IsSampled()

		d, out := decideRecord(t, s, id, in, &r)
		if hasRandomness || r.IsNever() {
			require.Equal(t, !d.Keep, s.DropsRecord(&id, &stamp, &r))
		}
		isUntouched := !d.Keep || r.IsAlways() || stamp.isMalformed
		switch {
		case isUntouched:
			require.Equal(t, in, out)
			return
		case d.Fault == Inconsistent: // the threshold is gone, and nothing else
			want := maps.Clone(in)
			delete(want, ThresholdAttribute)
			require.Equal(t, want, out)
			return
		}
		after := pcommon.NewMap()
		require.NoError(t, after.FromRaw(out))
		stamped := ReadStamp(after)
		require.False(t, stamped.isMalformed)
		require.True(t, stamped.hasThreshold)
		require.False(t, sampling.ThresholdLessThan(stamped.threshold, stamp.threshold), "thresholds never decrease")
		randomness := stamped.randomness
		if !stamped.hasRandomness {
			require.NotEqual(t, noID, id)
			randomness = sampling.TraceIDToRandomness(id)
		}
		require.True(t, stamped.threshold.ShouldSample(randomness), "no threshold is false")
		if stamp.hasRandomness {
			require.Equal(t, rv, out[RandomnessAttribute])
		}
		require.Equal(t, in["other"], out["other"])
		require.Equal(t, in["sampling"], out["sampling"])

		again, same := decideRecord(t, NewSampler(Equalizing, 1), id, out, &r)
		require.True(t, again.Keep, "who comes behind at the same rate keeps it")
		require.Equal(t, out, same)
	})
}
