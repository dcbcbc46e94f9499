// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
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
	made     int    // labels
	none     *label // of items without a namespace
	other    *label // of namespaces beyond the bounds
}

// label is a namespace as it is shown, with what happened to its items.
type label struct {
	index   int                          // of all labels
	name    string                       // as it is shown
	full    string                       // the first that is shown so, where it had to be cut
	options atomic.Pointer[labelOptions] // of its counters, or those of _other
	seen    [itemKinds]seen
}

// labelOptions are the attribute sets of a label's counters, which are built once.
type labelOptions [rules][decisions][]metric.AddOption

func newLabels(limit int, configured ...string) *labels {
	l := &labels{room: limit}
	l.none, l.other = l.newLabel(noneLabel), l.newLabel(otherLabel)
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
		if l.reserved >= most || isOurs(name) || ok && known.options.Load() != l.other.options.Load() {
			continue
		}
		if ok {
			known.options.Store(newOptions(known.name))
		} else {
			l.known[name] = l.newLabel(name)
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
	full := name
	name = namespace.Shown(name)
	if known, ok := l.known[name]; ok {
		return known
	}
	switch {
	case l.room > 0 && !isOurs(name):
		l.room--
		l.known[name] = l.newLabel(name)
	case len(l.known) < maxSeen:
		l.known[name] = l.otherOf(name)
	default:
		return l.other
	}
	if full != name {
		// Its rates are shown, which no name longer than this has but the global ones: all of it need not be remembered.
		l.known[name].full = strings.Clone(full[:min(len(full), rate.MaxMatchedBytes+1)])
	}
	return l.known[name]
}

// isOurs reports whether a name means something else in internal metrics: a namespace that is called so is one of the others there.
func isOurs(name string) bool { return name == noneLabel || name == otherLabel }

// all returns the labels of all namespaces by their names, where those had to be cut by the first that is shown so.
func (l *labels) all() map[string]*label {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make(map[string]*label, len(l.known))
	for name, known := range l.known {
		switch {
		case name == "":
		case known.full != "":
			all[known.full] = known
		default:
			all[name] = known
		}
	}
	return all
}

// newLabel returns a label with a value of its own in internal metrics.
func (l *labels) newLabel(name string) *label {
	fresh := &label{index: l.made, name: namespace.Shown(name)}
	fresh.options.Store(newOptions(fresh.name))
	l.made++
	return fresh
}

// otherOf returns a label without one.
func (l *labels) otherOf(name string) *label {
	fresh := &label{index: l.made, name: name}
	fresh.options.Store(l.other.options.Load())
	l.made++
	return fresh
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
