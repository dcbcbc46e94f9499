// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// maxPooledItems is the largest batch whose working memory is kept for the next.
const maxPooledItems = 1 << 16

// item is what is known of a span or data point.
type item struct {
	name string // the namespace, "" for none
	// What decides a span: it is read with the namespace, so that spans are visited again only where they change.
	tracestate string
	id         pcommon.TraceID
	// key is the index of the key that the namespace is looked up by, or noKey.
	key int32
	// trace is the index of the trace whose rate decides a span, or noTrace.
	trace     int32
	exemption exemption         // of a span
	outcome   namespace.Outcome // of the lookup
	// carries reports whether there was a namespace or a lookup attribute at all.
	carries bool
	isRoot  bool // of a span: it has no parent
	hasKey  bool // there is a key that the namespace can be looked up by
}

const (
	noKey   = -1
	noTrace = -1
)

// batch is the working memory of one call: the items in the order of the walk, and the keys that have to be looked up.
// All lookups end before the first change to the data (C1).
type batch struct {
	rt     *runtime
	rates  *tables                // in force for this batch
	around namespace.Surroundings // of the scope that is being read

	items     []item
	alone     item          // the one that is read and decided at once, where no item depends on another
	keys      namespace.Set // to be looked up
	answers   []namespace.Answer
	malformed int

	next int // item of the second walk
	*tally
}

func newBatch(rt *runtime, t *tally) *batch {
	return &batch{rt: rt, tally: t}
}

// begin takes the tables that are in force, which hold for all of the batch, and reports whether they are others than those of the
// last.
func (b *batch) begin() bool {
	rates := b.rt.rates.inForce()
	if rates == b.rates {
		return false
	}
	b.rates = rates
	return true
}

// enter reads what scope and resource say for the items that follow.
func (b *batch) enter(scope, resource pcommon.Map) {
	b.rt.reader.Surround(&b.around, scope, resource)
	b.malformed += b.around.Malformed
}

// readName reads the namespace that an item names.
func (b *batch) readName(it *item, attributes pcommon.Map) {
	it.name, it.carries = b.rt.reader.Name(attributes, &b.around)
}

// readKey reads the key that the namespace of an item can be looked up by that names none; nil where there is none. It is valid until
// the next is read.
func (b *batch) readKey(it *item, attributes pcommon.Map) *namespace.Key {
	f := b.rt.reader.Key(attributes, &b.around)
	b.malformed += f.Malformed
	it.carries = f.Carries
	return f.Key
}

// unread is an item of which nothing is known.
var unread = item{key: noKey, trace: noTrace}

// add adds an item of which nothing is known.
func (b *batch) add() *item {
	b.items = append(b.items, unread)
	return &b.items[len(b.items)-1]
}

// fresh returns an item of which nothing is known, in place of the one before it.
func (b *batch) fresh() *item {
	b.alone = unread
	return &b.alone
}

// pass adds an item that no rate applies to; it is counted by the namespace that it names.
func (b *batch) pass(attributes pcommon.Map) {
	b.add().name, _ = b.rt.reader.Name(attributes, &b.around)
}

// mostGenerous returns the highest rate that an item can come to have: what it drops needs no lookup.
func (b *batch) mostGenerous() *rate.Rate {
	if b.rt.onFailure() == OnFailureKeep {
		return &rate.Always
	}
	return &b.table.Most().Rate
}

// resolve looks the keys up and completes the items.
func (b *batch) resolve(ctx context.Context) {
	keys := b.keys.Keys()
	if len(keys) == 0 {
		return
	}
	b.answers = append(b.answers[:0], make([]namespace.Answer, len(keys))...)
	var counts namespace.Counts
	if b.rt.resolver != nil {
		counts = b.rt.resolver.Resolve(ctx, keys, b.answers)
	}
	b.countKeys(ctx, counts)
	for i := range b.items {
		it := &b.items[i]
		if it.key == noKey {
			continue
		}
		answer := b.answers[it.key]
		it.outcome = answer.Outcome
		if !b.rt.reader.IsMissingName(answer.Name) {
			it.name = answer.Name
		}
	}
}

func (b *batch) countKeys(ctx context.Context, c namespace.Counts) {
	add := func(n int, option metric.AddOption) {
		if n > 0 {
			b.rt.telemetry.ProcessorNamespaceSamplerLookupKeys.Add(ctx, int64(n), option)
		}
	}
	add(c.Hits, hitOption)
	add(c.Resolved, resolvedOption)
	add(c.Unknown, unknownOption)
	add(c.Unavailable, unavailableOption)
}

// disable counts all items as dropped because their signal is switched off.
func (b *batch) disable() {
	for i := range b.items {
		b.slot(b.items[i].name).count(ruleDisabled, false)
	}
}

// take returns the next item of the second walk, which visits the same items in the same order as the first.
func (b *batch) take() *item {
	it := &b.items[b.next]
	b.next++
	return it
}

// unavailable reports whether the item is without a namespace because Postgres could not be asked.
func (it *item) unavailable() bool { return it.key != noKey && it.outcome == namespace.Unavailable }

// onFailure says whether on_failure decides, and whether it keeps, what is without a namespace because Postgres could not be
// asked.
func (b *batch) onFailure(unavailable bool) (decides, keeps bool) {
	if !unavailable {
		return false, false
	}
	switch b.rt.onFailure() {
	case OnFailureKeep:
		return true, true
	case OnFailureDrop:
		return true, false
	}
	return false, false // the global rate decides
}

// resolved reports whether the namespace of an item came from a lookup, and so is to be written to it.
func (it *item) resolved() bool { return it.key != noKey && it.name != "" }

// end reports what happened and clears the batch for the next.
func (b *batch) end(ctx context.Context, counter metric.Int64Counter) {
	if b.malformed > 0 {
		b.rt.telemetry.ProcessorNamespaceSamplerLookupKeys.Add(ctx, int64(b.malformed), malformedOption)
	}
	b.report(ctx, counter, b.rt.telemetry.ProcessorNamespaceSamplerTracestateFaults)
	clear(b.items) // they hold telemetry, and so do the rest
	b.items, b.next, b.alone = b.items[:0], 0, unread
	clear(b.answers)
	b.answers, b.malformed = b.answers[:0], 0
	b.keys.Reset()
	b.around.Reset()
}

// reusable reports whether the batch, which is not ended yet, leaves memory that is worth keeping.
func (b *batch) reusable() bool { return len(b.items) <= maxPooledItems }
