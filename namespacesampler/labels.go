// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

const (
	noneLabel  = "_none"  // of items without a namespace
	otherLabel = "_other" // of namespaces beyond the bound
)

// labels are the values of the namespace attribute in internal metrics: as many as telemetry::max_namespaces, in the order
// in which they appear, and those that are configured or registered, which always have a place.
type labels struct {
	mu       sync.Mutex
	known    map[string]*label
	room     int
	reserved int
	none     *label // of items without a namespace
	other    *label // of namespaces beyond the bound
}

// label is a value with the attribute sets of its counters, which are built once.
type label struct {
	options [rules][decisions][]metric.AddOption
}

func newLabels(limit int, configured ...string) *labels {
	l := &labels{room: limit, none: newLabel(noneLabel), other: newLabel(otherLabel)}
	l.known = map[string]*label{"": l.none}
	l.reserve(configured, len(configured))
	return l
}

// maxRegistered bounds the registered names that have a place; beyond, they compete with others.
const maxRegistered = 2000

// reserve gives names a place, until so many have one, and reports whether any had none.
func (l *labels) reserve(names []string, most int) (fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names {
		if _, ok := l.known[name]; ok || l.reserved >= most {
			continue
		}
		l.known[name] = newLabel(name)
		l.reserved++
		l.room--
		fresh = true
	}
	return fresh
}

// of returns the label of a namespace, "" for none.
func (l *labels) of(name string) *label {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.known[name]; ok {
		return known
	}
	// A name that has to be cut is remembered by what it is cut to, so that long names take no more than their bound.
	name = namespace.Shown(name)
	if known, ok := l.known[name]; ok {
		return known
	}
	if l.room <= 0 {
		return l.other
	}
	l.room--
	l.known[name] = newLabel(name)
	return l.known[name]
}

func newLabel(name string) *label {
	var l label
	for r, ruleName := range ruleNames {
		for d, decisionName := range decisionNames {
			l.options[r][d] = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(
				attribute.String("namespace", namespace.Shown(name)),
				attribute.String("decision", decisionName),
				attribute.String("rule", ruleName),
			))}
		}
	}
	return &l
}

// faultOptions are the attribute sets of tracestate faults.
var faultOptions = func() (options [decision.Limit + 1][]metric.AddOption) {
	for _, f := range decision.Faults {
		options[f] = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("fault", f.String())))}
	}
	return options
}()

// outcomeOption returns the attribute set of an outcome of lookups.
func outcomeOption(outcome string) metric.AddOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", outcome)))
}

// stateOption returns the attribute set of a state of the circuit breaker.
func stateOption(state string) metric.AddOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String("state", state)))
}

// Outcomes of keys that no lookup answers, and those of lookups.
var (
	hitOption         = outcomeOption("hit")
	resolvedOption    = outcomeOption("resolved")
	unknownOption     = outcomeOption("unknown")
	unavailableOption = outcomeOption("unavailable")
	malformedOption   = outcomeOption("malformed")
)
