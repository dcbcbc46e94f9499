// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// RateOrBudget returns the rate of a match, or the budget that it follows from, with the key that has it in the configuration and in the log.
func RateOrBudget(m *rate.Match) (key string, number float64) {
	if m.ItemsPerSecond > 0 {
		return "items_per_second", m.ItemsPerSecond
	}
	return "sample_rate", m.Probability
}

// RateField returns the rate of a match, or its budget, as a field whose key begins with a prefix.
func RateField(prefix string, m *rate.Match) zap.Field {
	key, number := RateOrBudget(m)
	return zap.Float64(prefix+key, number)
}

// ShownTime returns a time as the log shows it. The format of zap.Time depends on the encoding of the log, and is a number in JSON.
func ShownTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// retryEvery returns how often something that has failed is tried again, as a field.
func retryEvery(d time.Duration) zap.Field { return zap.Float64("retry_every_seconds", d.Seconds()) }
