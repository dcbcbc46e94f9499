// SPDX-License-Identifier: Apache-2.0

// Package oracle predicts what the processor does to each span, data point and log record.
//
// It works from the processor's configuration and from the rows in Postgres, and must not import any package of the
// processor: a fault there must not be repeated here. Span decisions use collector-contrib's pkg/sampling. Series
// identity is implemented from docs/adr/002-series-identity.md, and the hash of workflows from its specification.
//
// For each item: [resolution] is where its namespace comes from, [Rates] gives the rate, a decision follows, and the
// result is an [Outcome].
package oracle

import (
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// Config is the part of the processor's configuration that decides the outcome.
type Config struct {
	SpanRates, PointRates, RecordRates Rates

	RatePerTrace     bool     // parent_based: all spans of a trace have one rate
	ByWorkflow       bool     // consistent_by: whole workflows are kept; needs RatePerTrace and whole traces
	Precision        int      // hex digits of a span's threshold
	MissingValues    []string // of the namespace attribute
	Lookups          bool     // Postgres is configured
	KeepOnFailure    bool     // items are kept if Postgres cannot be asked
	Inherit          bool     // kept spans without a namespace get that of their trace
	KeepFailedTraces bool     // all spans of a trace are kept once one of them has failed; needs RatePerTrace
	Hold             bool     // spans wait until a request names their trace; needs RatePerTrace, and a namespace with rate 1

	Remainder bool     // dropped data points are added up, by their attributes but for these
	Without   []string // see above
}

// Oracle predicts outcomes. It may be used concurrently, but the requests that hold spans of one trace must be passed to
// [Oracle.Spans] in the order in which the processor gets them, and those with its log records to [Oracle.Records] after them.
type Oracle struct {
	config    Config
	directory directory         // nil without lookups
	workflows map[string]string // by lookup key
	identity  identity

	mu sync.Mutex
	// remembered is what requests have settled about traces. Nothing is forgotten here, so the load must fit in the
	// processor's trace memory.
	remembered map[pcommon.TraceID]memory
	held       map[pcommon.TraceID][]span // by no request decided yet
}

// New returns an oracle for a processor with this configuration and a database with these tasks.
func New(config Config, rows []taskerdb.Task) *Oracle {
	o := &Oracle{
		config:     config,
		identity:   identity{missingValues: config.MissingValues},
		remembered: map[pcommon.TraceID]memory{},
		held:       map[pcommon.TraceID][]span{},
	}
	if config.Lookups {
		o.directory, o.workflows = newDirectory(rows), newWorkflows(rows)
	}
	return o
}

// Keys is a set of lookup keys. No two identifiers of the load are equal, so the attribute need not be part of the key.
type Keys map[string]bool
