// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// Question is a request of /explain.
type Question struct {
	Namespace string // "" for items without one
	Signal    string
	// TraceID is that of a span or a log record, Tracestate that of a span. HasTraceID is false if only the rate is asked for.
	TraceID    pcommon.TraceID
	HasTraceID bool
	Tracestate string
	// Group is the key of the group of the item, or empty.
	Group string
}

// BySeries is how data points are sampled if whole series are kept.
const BySeries = "series"

// Signals of a question.
const (
	TracesSignal  = "traces"
	MetricsSignal = "metrics"
	LogsSignal    = "logs"
)

func (h *Handler) serveExplain(w http.ResponseWriter, r *http.Request) {
	question, err := parseQuestion(r.URL.RawQuery, h.others)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	explanation, err := h.source.Explain(question)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	explanation.Namespace = namespace.Shown(question.Namespace)
	explanation.Signal = question.Signal
	explanation.Pattern = namespace.Shown(explanation.Pattern)
	if explanation.Rules == nil {
		explanation.Rules = []Attempt{} // [], never null
	}
	writeJSON(w, http.StatusOK, explanation)
}

// parameters are the query parameters of /explain.
var parameters = []string{"namespace", "signal", "trace_id", "tracestate", "group"}

// parseQuestion parses the query of a URL. It refuses unknown parameters, since the answer to a different question would be
// misleading.
func parseQuestion(raw string, others []string) (Question, error) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return Question{}, errors.New("invalid query: write % as %25 and ; as %3B")
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		switch {
		case slices.Contains(others, name):
		case !slices.Contains(parameters, name):
			return Question{}, fmt.Errorf("unknown parameter %q; the parameters are %s", namespace.Shown(name), strings.Join(parameters, ", "))
		case len(query[name]) > 1:
			return Question{}, fmt.Errorf("%s: must be given once, got it %d times", name, len(query[name]))
		}
	}
	q := Question{Namespace: query.Get("namespace"), Signal: TracesSignal, Tracestate: query.Get("tracestate"), Group: query.Get("group")}
	if query.Has("signal") {
		q.Signal = query.Get("signal")
	}
	switch q.Signal {
	case TracesSignal, MetricsSignal:
	case LogsSignal:
		if q.Tracestate != "" {
			return Question{}, fmt.Errorf("tracestate: must be left out with signal=%s, as log records have none", LogsSignal)
		}
	default:
		return Question{}, fmt.Errorf("signal: must be %s, %s or %s, got %q", TracesSignal, MetricsSignal, LogsSignal, namespace.Shown(q.Signal))
	}
	if id := query.Get("trace_id"); id != "" {
		q.HasTraceID = true
		if q.TraceID, err = parseTraceID(id); err != nil {
			return Question{}, err
		}
	}
	if q.Tracestate != "" && !q.HasTraceID {
		return Question{}, fmt.Errorf("tracestate: must come with a trace_id (%s where the span has none)", strings.Repeat("0", 32))
	}
	return q, nil
}

func parseTraceID(digits string) (id pcommon.TraceID, err error) {
	if len(digits) == hex.EncodedLen(len(id)) {
		_, err = hex.Decode(id[:], []byte(digits))
	}
	if err != nil || len(digits) != hex.EncodedLen(len(id)) {
		return id, fmt.Errorf("trace_id: must be 32 hexadecimal digits, got %q", namespace.Shown(digits))
	}
	return id, nil
}
