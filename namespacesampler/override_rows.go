// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// maxRuntimeNameBytes is the longest name in a row of the table of runtime overrides.
const maxRuntimeNameBytes = 1024

// rejected is a row of the table of runtime overrides that cannot be, with the reason. It is comparable.
type rejected struct {
	namespace, signal, reason string
}

// accept sorts the rows of the table of runtime overrides into those that can be and those that cannot.
func accept(rows []postgres.Override, missing []string) (good []override, bad []rejected) {
	patterns := 0
	for i := range rows {
		row := &rows[i]
		err := check(row, missing)
		if rate.IsPattern(row.Namespace) && err == nil {
			if patterns++; patterns > rate.MaxPatterns {
				err = fmt.Errorf("there are more than %d patterns", rate.MaxPatterns)
			}
		}
		if i == postgres.MaxRows {
			err = fmt.Errorf("the table has more than %d rows: this one and those after it are not read", postgres.MaxRows)
		}
		if err != nil {
			bad = append(bad, rejected{namespace.Shown(row.Namespace), namespace.Shown(row.Signal), err.Error()})
			continue
		}
		good = append(good, override{
			Override:  rate.Override{Key: row.Namespace, Probability: row.SampleRate, Until: row.ExpiresAt},
			signal:    signal(row.Signal),
			source:    rate.RuntimeOverride,
			reason:    row.Reason,
			updatedBy: row.UpdatedBy,
			updatedAt: row.UpdatedAt,
		})
	}
	return good, bad
}

func check(row *postgres.Override, missing []string) error {
	switch {
	case row.Namespace == "":
		return errors.New("namespace must not be empty or NULL")
	case len(row.Namespace) > maxRuntimeNameBytes:
		return fmt.Errorf("namespace must be at most %d bytes", maxRuntimeNameBytes)
	case slices.Contains(missing, row.Namespace):
		return fmt.Errorf("namespace must be a namespace: %q counts as absent (namespace::missing_values), so no item has it",
			row.Namespace)
	case !slices.Contains([]signal{signalAll, signalTraces, signalMetrics}, signal(row.Signal)):
		return fmt.Errorf("signal must be all, traces or metrics, got %q", row.Signal)
	case math.IsNaN(row.SampleRate):
		return errors.New("sample_rate must be between 0 and 1, got NaN or NULL")
	}
	return errors.Join(rate.ValidateKey(row.Namespace), rate.Validate(row.SampleRate))
}
