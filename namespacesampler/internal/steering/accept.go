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

// accept separates the valid rows of the table of runtime overrides from the invalid ones.
func accept(rows []postgres.OverrideRow, missing []string) (good []rate.Override, bad []Rejected) {
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
		err := validate(row, missing)
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
		good = append(good, row.Override)
	}
	return good, bad
}

func validate(row *postgres.OverrideRow, missing []string) error {
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
	case row.RateError != nil:
		return row.RateError
	case math.IsNaN(row.Probability):
		return errors.New("sample_rate must be between 0 and 1, got NaN or NULL")
	}
	return errors.Join(rate.ValidateKey(row.Key), rate.Validate(row.Probability))
}
