// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
)

// Resolution finds the namespaces and groups of the items of a batch: in their attributes, else by one lookup for all of them. Items whose
// key is unknown can have their next key looked up, in a further round. It can be reused for the next batch after Reset.
type Resolution struct {
	common       *Common
	surroundings namespace.Surroundings // of the current scope
	groups       group.Surroundings     // of the current scope
	hasGroups    bool                   // groups are looked for
	malformed    int
	ungrouped    int64 // items that a rate decided without a group

	indexes  map[namespace.Key]int32
	keys     []namespace.Key    // distinct; of all rounds
	answers  []namespace.Answer // of the keys that were looked up
	isWanted bool               // there are items to be completed by the next round
	deadline time.Time          // for the answers of all rounds; zero before the first
}

// NewResolution returns an empty resolution.
func NewResolution(c *Common) Resolution {
	return Resolution{common: c, indexes: map[namespace.Key]int32{}, hasGroups: c.Groups.IsActive()}
}

// LookForGroups says whether the groups of items are looked for. Without consistent_by, they never are.
func (r *Resolution) LookForGroups(wanted bool) { r.hasGroups = wanted && r.common.Groups.IsActive() }

// HasGroups reports whether the groups of items are looked for.
func (r *Resolution) HasGroups() bool { return r.hasGroups }

// Enter reads what a scope and its resource say about the items that follow.
func (r *Resolution) Enter(scope, resource pcommon.Map) {
	r.Reenter(scope, resource)
	r.malformed += r.surroundings.Malformed
}

// Reenter is Enter for a scope that was entered before, whose malformed keys have been counted.
func (r *Resolution) Reenter(scope, resource pcommon.Map) {
	r.common.Reader.Surround(&r.surroundings, scope, resource)
	if r.hasGroups {
		r.common.Groups.Surround(&r.groups, scope, resource)
	}
}

// ReadNamespace reads the namespace that an item carries.
func (r *Resolution) ReadNamespace(it *Item, attributes pcommon.Map) {
	it.Namespace, it.Carries = r.common.Reader.Name(attributes, &r.surroundings)
}

// ReadWritten reads the namespace that was written to an item after a lookup, if the attribute that it is written to is not one that
// namespaces are read from.
func (r *Resolution) ReadWritten(it *Item, attributes pcommon.Map) {
	if it.Namespace == "" {
		it.Namespace = r.common.Reader.Written(attributes)
	}
}

// ReadGroup reads the group that an item carries.
func (r *Resolution) ReadGroup(it *Item, attributes pcommon.Map) {
	if r.hasGroups {
		it.Group = r.common.Groups.Read(attributes, &r.groups)
	}
}

// Lacks reports whether a lookup can tell something about an item: its namespace, or its group (G1).
func (r *Resolution) Lacks(it *Item) bool { return it.Namespace == "" || r.LacksGroup(it) }

// LacksGroup reports whether a lookup can tell the group of an item.
func (r *Resolution) LacksGroup(it *Item) bool { return r.hasGroups && !it.Group.IsKnown() }

// ReadKey returns the first lookup key of an item, or the next one after those that it returned before; nil if there is none. The key is
// valid until the next call.
func (r *Resolution) ReadKey(it *Item, attributes pcommon.Map) *namespace.Key {
	f := r.common.Reader.Key(attributes, &r.surroundings, int(it.next))
	r.malformed += f.Malformed
	it.Carries = it.Carries || f.Carries
	it.next = int16(f.Next) //nolint:gosec // at most MaxLookups
	return f.Key
}

// ReadNextKey is ReadKey for an item whose key has turned out to be unknown. It returns nil for other items, too.
func (r *Resolution) ReadNextKey(it *Item, attributes pcommon.Map) *namespace.Key {
	if !r.canHaveNextKey(it) {
		return nil
	}
	return r.ReadKey(it, attributes)
}

// canHaveNextKey reports whether the key of an item is unknown and another attribute can hold one. A key that was unknown and cannot be
// asked for again at the moment is passed over, too: the item would lose the namespace of its next key meanwhile (M5).
func (r *Resolution) canHaveNextKey(it *Item) bool {
	if it.lookup == noLookup || !r.Lacks(it) || int(it.next) >= r.common.Reader.Lookups() {
		return false
	}
	switch answer := &r.answers[it.lookup]; answer.Outcome {
	case namespace.Resolved:
		return r.common.Reader.IsMissingName(answer.Name)
	case namespace.Unavailable:
		return answer.WasUnknown
	default:
		return true
	}
}

// Want has a key of an item looked up by the next round.
func (r *Resolution) Want(it *Item, key *namespace.Key) {
	r.isWanted = true
	if n := len(r.keys); n > 0 && r.keys[n-1] == *key { // items of a task arrive together
		it.lookup = int32(n - 1) //nolint:gosec // a batch has fewer items
		return
	}
	index, ok := r.indexes[*key]
	if !ok {
		index = int32(len(r.keys)) //nolint:gosec // a batch has fewer items
		r.indexes[*key] = index
		r.keys = append(r.keys, *key)
	}
	it.lookup = index
}

// Resolve is a round: it looks up all wanted keys at once and waits for the answers as long as the configuration allows, which all
// rounds share. It reports whether any items wanted a key, and must be completed.
func (r *Resolution) Resolve(ctx context.Context) bool {
	if !r.isWanted {
		return false
	}
	r.isWanted = false
	asked := len(r.answers)
	r.answers = append(r.answers, make([]namespace.Answer, len(r.keys)-asked)...)
	resolver := r.common.Resolver
	if resolver == nil || asked == len(r.keys) { // it is nil before the start
		return true
	}
	if r.deadline.IsZero() {
		r.deadline = time.Now().Add(resolver.Wait())
	} else {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, r.deadline)
		defer cancel()
	}
	r.count(ctx, resolver.Resolve(ctx, r.keys[asked:], r.answers[asked:]))
	return true
}

// Complete takes the answer for an item after Resolve. It reports whether the key is unknown and another attribute can hold one.
func (r *Resolution) Complete(it *Item) (again bool) {
	if it.lookup == noLookup {
		return false
	}
	answer := &r.answers[it.lookup]
	it.outcome, it.isUnsure = answer.Outcome, it.isUnsure || answer.WasUnknown
	if it.Namespace == "" && !r.common.Reader.IsMissingName(answer.Name) {
		it.Namespace, it.isResolved = answer.Name, true
	}
	if r.LacksGroup(it) {
		it.Group = answer.Group
	}
	return r.canHaveNextKey(it)
}

func (r *Resolution) count(ctx context.Context, c namespace.Counts) {
	r.add(ctx, c.Hits, hit)
	r.add(ctx, c.Resolved, resolved)
	r.add(ctx, c.Unknown, unknown)
	r.add(ctx, c.Unavailable, unavailable)
	p := r.common.Problems
	p.Add(problems.UnknownKeys, int64(c.Unknown))
	p.Add(problems.UnavailableKeys, int64(c.Unavailable))
	p.Add(problems.AnsweredKeys, int64(c.Resolved+c.Unknown))
}

func (r *Resolution) add(ctx context.Context, keys int, outcome metric.AddOption) {
	if keys > 0 {
		r.common.Telemetry.ProcessorNamespaceSamplerLookupKeys.Add(ctx, int64(keys), outcome)
	}
}

// CountUngrouped counts an item that a rate between 0 and 1 has decided without a group, although groups are looked for.
func (r *Resolution) CountUngrouped() { r.ungrouped++ }

// Report counts the malformed keys of the batch, and the items without a group by their signal.
func (r *Resolution) Report(ctx context.Context, signal metric.AddOption) {
	if r.ungrouped > 0 {
		r.common.Telemetry.ProcessorNamespaceSamplerUngroupedItems.Add(ctx, r.ungrouped, signal)
	}
	r.add(ctx, r.malformed, malformed)
	r.common.Problems.Add(problems.MalformedKeys, int64(r.malformed))
}

// Reset forgets the batch, whose telemetry it refers to.
func (r *Resolution) Reset() {
	r.indexes = Emptied(r.indexes, 0)
	clear(r.keys)
	clear(r.answers)
	r.keys, r.answers, r.malformed, r.ungrouped, r.isWanted, r.deadline = r.keys[:0], r.answers[:0], 0, 0, false, time.Time{}
	r.surroundings.Reset()
	r.groups.Reset()
}

// Attribute sets of the signals.
var (
	TracesSignal  = signalOption("traces")
	MetricsSignal = signalOption("metrics")
	LogsSignal    = signalOption("logs")
)

func signalOption(signal string) metric.AddOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String("signal", signal)))
}

// Attribute sets of the outcomes of keys (C9).
var (
	hit         = outcomeOption("hit")
	resolved    = outcomeOption("resolved")
	unknown     = outcomeOption("unknown")
	unavailable = outcomeOption("unavailable")
	malformed   = outcomeOption("malformed")
)

func outcomeOption(outcome string) metric.AddOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", outcome)))
}
