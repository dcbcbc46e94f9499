// SPDX-License-Identifier: Apache-2.0

package items

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Attributes of log records: the two that samplers write, and the identity of a record, by OpenTelemetry's semantic conventions.
const (
	ThresholdAttribute  = "sampling.threshold"
	RandomnessAttribute = "sampling.randomness"
	RecordIDAttribute   = "log.record.uid"
)

// Record is a log record with the attributes of its scope and its resource.
type Record struct {
	plog.LogRecord
	Scope, Resource pcommon.Map
}

// Records yields the log records of a request in their order.
func Records(request plog.Logs) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for _, resource := range request.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					if !yield(Record{record, scope.Scope().Attributes(), resource.Resource().Attributes()}) {
						return
					}
				}
			}
		}
	}
}

// ID returns the identity of the record; empty: none.
func (r Record) ID() string { return r.Text(RecordIDAttribute) }

// Text returns the value of an attribute if it is a string, else the empty string.
func (r Record) Text(name string) string {
	if v, ok := r.Attributes().Get(name); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}

// changeable are the attributes that the processor may change.
var changeable = []string{NamespaceAttribute, ThresholdAttribute, RandomnessAttribute}

// Content returns everything in the record that the processor must not change, as text.
func (r Record) Content() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %d %d %d %d %s %s %q %d %s:%q ", r.TraceID(), r.SpanID(), r.Flags(), r.Timestamp(), r.ObservedTimestamp(),
		r.SeverityNumber(), r.SeverityText(), r.EventName(), r.Scope.AsRaw(), r.DroppedAttributesCount(), r.Body().Type(), r.Body().AsString())
	writeAttributes(&b, r.Attributes(), changeable...)
	writeAttributes(&b, r.Resource)
	return b.String()
}

// Stamp returns the value of an attribute with its type, as text; empty: the attribute is absent.
func (r Record) Stamp(name string) string {
	switch v, ok := r.Attributes().Get(name); {
	case !ok:
		return ""
	case v.Type() == pcommon.ValueTypeStr:
		return fmt.Sprintf("%q", v.Str())
	default:
		return v.Type().String() + " " + v.AsString()
	}
}

func writeAttributes(b *strings.Builder, m pcommon.Map, but ...string) {
	keys := make([]string, 0, m.Len())
	for key := range m.All() {
		if !slices.Contains(but, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	b.WriteByte('{')
	for _, key := range keys {
		v, _ := m.Get(key)
		for _, part := range [...]string{key, "=", v.Type().String(), ":", strconv.Quote(v.AsString()), ";"} { // faster than a format
			b.WriteString(part)
		}
	}
	b.WriteByte('}')
}
