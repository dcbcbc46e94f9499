// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"maps"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

const (
	noneLabel  = "_none"  // of items without a namespace
	otherLabel = "_other" // of namespaces beyond the bound
)

// maxSeen bounds the namespaces that are told apart at all, unless telemetry::max_namespaces asks for more; those beyond are _other in
// everything that is shown.
const maxSeen = 10_000

// labels are the namespaces that were seen, in the order in which they appear, and those that are configured or registered, which always
// have a place. As many as telemetry::max_namespaces have a value of their own in internal metrics.
type labels struct {
	mu       sync.Mutex
	known    map[string]*label
	room     int // of values in internal metrics
	reserved int
	none     *label // of items without a namespace
	other    *label // of namespaces beyond the bounds
}

// label is a namespace as it is shown, with what happened to its items.
type label struct {
	name    string
	options atomic.Pointer[labelOptions] // of its counters, or those of _other
	seen    [itemKinds]seen
}

// labelOptions are the attribute sets of a label's counters, which are built once.
type labelOptions [rules][decisions][]metric.AddOption

func newLabels(limit int, configured ...string) *labels {
	l := &labels{room: limit, none: newLabel(noneLabel), other: newLabel(otherLabel)}
	l.known = map[string]*label{"": l.none}
	l.reserve(configured, len(configured))
	return l
}

// maxRegistered bounds the registered names that have a place; beyond, they compete with others.
const maxRegistered = 2000

// reserve gives names a place, until so many have one, and reports whether any had none. What was seen of them before stays theirs.
func (l *labels) reserve(names []string, most int) (fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names {
		known, ok := l.known[name]
		if l.reserved >= most || ok && known.options.Load() != l.other.options.Load() {
			continue
		}
		if ok {
			known.options.Store(newOptions(known.name))
		} else {
			l.known[name] = newLabel(name)
		}
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
	switch {
	case l.room > 0:
		l.room--
		l.known[name] = newLabel(name)
	case len(l.known) < maxSeen:
		l.known[name] = &label{name: name}
		l.known[name].options.Store(l.other.options.Load())
	default:
		return l.other
	}
	return l.known[name]
}

// all returns the labels of all namespaces by their names.
func (l *labels) all() map[string]*label {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := maps.Clone(l.known)
	delete(all, "")
	return all
}

func newLabel(name string) *label {
	l := &label{name: namespace.Shown(name)}
	l.options.Store(newOptions(l.name))
	return l
}

func newOptions(name string) *labelOptions {
	var options labelOptions
	for r, ruleName := range ruleNames {
		for d, decisionName := range decisionNames {
			options[r][d] = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(
				attribute.String("namespace", name),
				attribute.String("decision", decisionName),
				attribute.String("rule", ruleName),
			))}
		}
	}
	return &options
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
