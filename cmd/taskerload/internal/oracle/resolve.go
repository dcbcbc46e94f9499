// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// oracle says what must become of an item: from the collector's configuration, and from what Postgres would answer.
type oracle struct {
	traces, metrics rates
	byTrace         bool // parent_based: a trace has one rate
	precision       int
	missing         []string
	directory       directory // nil: the configuration has no Postgres
	keepsOnFailure  bool      // what Postgres could not be asked about
	identity        identity

	mu sync.Mutex
	// remembered is the namespace whose rate holds for a trace, since the first request that told. Nothing is forgotten:
	// predictable() and --cut see to it that the collector does not either.
	remembered map[pcommon.TraceID]string
}

func newOracle(c *samplerConfig, tasks []task) *oracle {
	o := &oracle{
		traces:     c.traceRates(),
		metrics:    c.metricRates(),
		byTrace:    c.sampler() == parentBased,
		precision:  c.precision(),
		missing:    c.missingValues(),
		identity:   identity{missing: c.missingValues()},
		remembered: map[pcommon.TraceID]string{},
	}
	if c.Postgres != nil {
		o.directory = newDirectory(seededTasks(tasks))
		o.keepsOnFailure = c.Postgres["on_failure"] == "keep"
	}
	return o
}

// outcome is what must become of an item.
type outcome struct {
	heading
	keep       bool
	randomness uint64
	rate       float64 // that decides; not always that of the row
	namespace  string  // that it counts under, with the rule, in the collector's metrics; empty: none
	rule       string
	via        string
	write      string // the namespace that a kept item gets; empty: its attributes stay as they are
}

// heading is what the items of a row have in common: the namespace that they count under, with its own rate.
type heading struct {
	label, listed string // listed is how the rate of the namespace was found
	own           float64
}

func (r rates) heading(label, namespace string) heading {
	rate, rule := r.of(namespace)
	return heading{label, rule, rate}
}

// resolution is where an item's namespace comes from. At most one of named and resolved is set.
type resolution struct {
	named    string // in the telemetry itself
	resolved string // by the key, from Postgres
	key      string // it is looked up by; empty: none. No two identifiers of the load are the same.
	spared   bool   // the key is not looked up
}

func (r resolution) namespace() string { return r.named + r.resolved }

// Labels of the rows for items that belong to nobody. They hold characters that Tasker's names do not.
const (
	labelNone    = "(none)"
	labelUnknown = "(unknown key)"
	labelSpared  = "(not looked up)"
	labelPassed  = "(pass-through)"
)

func (r resolution) label() string {
	switch {
	case r.namespace() != "":
		return r.namespace()
	case r.spared:
		return labelSpared
	case r.key != "":
		return labelUnknown
	default:
		return labelNone
	}
}

// Ways in which items come to their namespace, as the report names them.
const (
	viaAttribute = "named in the telemetry"
	viaLookup    = "resolved"
	viaUnknown   = "with an unknown key"
	viaNothing   = "with neither"
	viaSpared    = "not looked up"
)

var allVias = []string{viaAttribute, viaLookup, viaUnknown, viaNothing, viaSpared}

func (r resolution) via() string {
	switch {
	case r.named != "":
		return viaAttribute
	case r.resolved != "":
		return viaLookup
	case r.spared:
		return viaSpared
	case r.key != "":
		return viaUnknown
	default:
		return viaNothing
	}
}

func (o *oracle) resolve(item, scope, resource pcommon.Map) resolution {
	for _, m := range []pcommon.Map{item, scope, resource} {
		if v, ok := m.Get(namespaceAttribute); ok && v.Type() == pcommon.ValueTypeStr && !slices.Contains(o.missing, v.Str()) {
			return resolution{named: v.Str()}
		}
	}
	if o.directory == nil {
		return resolution{}
	}
	for _, name := range lookupAttributes {
		if key, ok := lookupKey(name, item, resource); ok {
			return resolution{key: key, resolved: o.directory[name][key]}
		}
	}
	return resolution{}
}

var wellFormed = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// lookupKey is the first well-formed value. Only lower case: the load sends no other.
func lookupKey(name string, item, resource pcommon.Map) (string, bool) {
	for _, m := range []pcommon.Map{item, resource} {
		if v, ok := m.Get(name); ok && wellFormed.MatchString(v.Str()) {
			return v.Str(), true
		}
	}
	return "", false
}

// threshold of a rate. The processor refuses rates that have none; so does this.
func threshold(rate float64, precision int) sampling.Threshold {
	if rate == 0 {
		return sampling.NeverSampleThreshold
	}
	t, err := sampling.ProbabilityToThresholdWithPrecision(rate, precision)
	if err != nil {
		panic(fmt.Sprintf("rate %v: %v", rate, err)) // predictable() let it through
	}
	return t
}
