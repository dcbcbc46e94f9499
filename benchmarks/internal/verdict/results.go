// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// Results are measured values by benchmark and unit, in the order of their runs.
type Results map[measure][]float64

type measure struct{ benchmark, unit string }

// Read adds the results of a file in the format of Go benchmarks. Other lines are ignored, including those of failed benchmarks,
// which have no result.
func (r Results) Read(file io.Reader, name string) error {
	reader := benchfmt.NewReader(file, name)
	for reader.Scan() {
		switch record := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			return record
		case *benchfmt.Result:
			for _, v := range record.Values {
				key := measure{nameOf(record.Name), v.Unit}
				value := v.Value
				if v.OrigUnit != "" {
					key.unit, value = v.OrigUnit, v.OrigValue
				}
				r[key] = append(r[key], value)
			}
		}
	}
	if err := reader.Err(); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// nameOf returns the name of a benchmark without the number of CPUs.
func nameOf(name benchfmt.Name) string {
	base, parts := name.Parts()
	var b strings.Builder
	b.Write(base)
	for _, part := range parts {
		if part[0] == '/' {
			b.Write(part)
		}
	}
	return b.String()
}
