// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/goleak"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/samplertest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.runCleanups"))
}

type settings = map[string]any

func named(namespace string) map[string]any { return map[string]any{"namespace": namespace} }

// attributesOf returns the attributes of records.
func attributesOf(records []plog.LogRecord) (all []map[string]any) {
	for _, r := range records {
		all = append(all, r.Attributes().AsRaw())
	}
	return all
}

// of returns records of a trace with attributes.
func of(id [16]byte, attributes ...map[string]any) (records []samplertest.Record) {
	for _, a := range attributes {
		records = append(records, samplertest.Record{ID: id, Attributes: a})
	}
	return records
}
