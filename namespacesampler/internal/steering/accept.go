// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/postgres"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Rejected is a row of the table of runtime overrides that is skipped, as it may be shown. It is comparable.
type Rejected struct {
	Namespace, Signal, Reason string
}

// accept separates the valid rows of the table of runtime overrides from the invalid ones. precision is that of thresholds of spans and log records.
func accept(rows []postgres.OverrideRow, missing []string, precision int) (good []rate.Override, bad []Rejected) {
	type key struct {
		namespace string
		isNull    bool
		signal    rate.Signal
	}
	keyOf := func(row *postgres.OverrideRow) key { return key{row.Key, row.LacksNamespace, row.Signal} }
	times := make(map[key]int, len(rows))
	for i := range rows {
		times[keyOf(&rows[i])]++
	}
	patterns := 0
	for i := range rows {
		row := &rows[i]
		err := validate(row, missing, precision)
		if err == nil && times[keyOf(row)] > 1 {
			err = errors.New("the table has several rows for this namespace and signal; none of them applies")
		}
		if rate.IsPattern(row.Key) && err == nil {
			if patterns++; patterns > rate.MaxPatterns {
				err = fmt.Errorf("there are more than %d patterns", rate.MaxPatterns)
			}
		}
		if i == postgres.MaxRows {
			err = fmt.Errorf("the table has more than %d rows: this row and the ones after it are not read", postgres.MaxRows)
		}
		if err != nil {
			bad = append(bad, Rejected{namespace.Shown(row.Key), namespace.Shown(string(row.Signal)), err.Error()})
			continue
		}
		if row.HasBudget {
			row.Probability = 0 // it has no meaning
		}
		good = append(good, row.Override)
	}
	return good, bad
}

func validate(row *postgres.OverrideRow, missing []string, precision int) error {
	switch {
	case row.LacksNamespace:
		return errors.New("namespace must not be NULL (the empty text stands for items without a namespace)")
	case len(row.Key) > rate.MaxNameBytes:
		return fmt.Errorf("namespace must be at most %d bytes", rate.MaxNameBytes)
	case !utf8.ValidString(row.Key):
		return errors.New("namespace must be valid UTF-8")
	case !utf8.ValidString(string(row.Signal)):
		return errors.New("signal must be valid UTF-8")
	case row.Key != "" && slices.Contains(missing, row.Key):
		return fmt.Errorf("namespace must be a namespace: %q counts as absent (namespace::missing_values), so no item has it", row.Key)
	case row.Signal != rate.All && !slices.Contains(rate.Signals, row.Signal):
		return fmt.Errorf("signal must be all, traces, metrics or logs, got %q", row.Signal)
	case row.HasBudget && !row.LacksRate:
		return errors.New("either sample_rate or items_per_second must be set, got both (set the other one to NULL)")
	case row.NumberError != nil:
		return row.NumberError
	case row.HasBudget:
		return errors.Join(rate.ValidateKey(row.Key), validateBudget(row, precision))
	case row.LacksRate:
		return errors.New("either sample_rate or items_per_second must be set, got NULL")
	case math.IsNaN(row.Probability):
		return errors.New("sample_rate must be between 0 and 1, got NaN")
	}
	return errors.Join(rate.ValidateKey(row.Key), rate.Validate(row.Probability))
}

func validateBudget(row *postgres.OverrideRow, precision int) error {
	switch items := row.ItemsPerSecond; {
	case row.Signal == rate.All:
		return errors.New("items_per_second is for one signal: signal must be traces or logs, got all")
	case row.Signal == rate.Metrics:
		return errors.New("items_per_second is for spans and log records only, since series are kept or dropped as wholes: signal must be traces or " +
			"logs, got metrics (or set sample_rate)")
	case !(items > 0) || math.IsInf(items, 0):
		return fmt.Errorf("items_per_second must be a number of items above 0, such as 200, got %v", items)
	case precision < rate.MinBudgetPrecision:
		return fmt.Errorf("items_per_second needs tracing::sampling_precision of at least %d, since the rates of budgets change by a few per cent, "+
			"and it is %d", rate.MinBudgetPrecision, precision)
	}
	return nil
}
