// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"context"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/condition"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/labels"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/tracememory"
)

// record is what is known of a log record of the batch.
type record struct {
	item  batch.Item
	id    pcommon.TraceID
	stamp decision.Stamp
	// trace is what is remembered of the record's trace. Records tell the memory nothing (L3).
	trace      tracememory.Known
	alwaysKeep bool
	sifting    sifting
}

// isExempt reports whether the record is kept at any rate.
func (r *record) isExempt() bool { return r.alwaysKeep || r.trace.IsKept() }

// walk is the working memory for one batch. Records are read in the order of the batch, and changed in the same order, after all
// lookups (C1).
type walk struct {
	p          *Processor
	namespaces batch.Namespaces
	resolution batch.Resolution
	records    []record
	now        tracememory.Instant
	unsettled  map[pcommon.TraceID]tracememory.Known // traces of which spans may tell more while the batch is decided
	next       int                                   // record to be applied
	faults     batch.Faults
	hasBudgets bool // rates can follow from budgets
}

func newWalk(p *Processor) *walk {
	return &walk{
		p:          p,
		namespaces: batch.NewNamespaces(labels.LogRecords, p.common.Labels),
		resolution: batch.NewResolution(p.common),
		unsettled:  map[pcommon.TraceID]tracememory.Known{},
	}
}

func (w *walk) begin(table *rate.Table) {
	w.namespaces.Begin(table)
	w.hasBudgets = table.HasBudgets()
	if w.p.memory != nil {
		w.now = w.p.memory.Now()
	}
}

// read reads what decides each record: its stamp, what is remembered of its trace, whether it is always kept, its namespace and its group,
// or the key to look them up by.
func (w *walk) read(ctx context.Context, ld plog.Logs) {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			w.resolution.Enter(sl.Scope().Attributes(), rl.Resource().Attributes())
			records := sl.LogRecords()
			for i := range records.Len() {
				w.readRecord(ctx, rl, sl, records.At(i))
			}
		}
	}
}

func (w *walk) readRecord(ctx context.Context, rl plog.ResourceLogs, sl plog.ScopeLogs, data plog.LogRecord) {
	attributes := data.Attributes()
	w.records = append(w.records, record{})
	rec := &w.records[len(w.records)-1]
	rec.item, rec.id, rec.stamp = batch.NewItem(), data.TraceID(), decision.ReadStamp(attributes)
	w.resolution.ReadNamespace(&rec.item, attributes)
	if !w.p.cfg.Enabled {
		return
	}
	w.recall(len(w.records) - 1)
	if !w.p.alwaysKeep.IsEmpty() {
		evaluated := condition.NewLogRecord(rl, sl, data)
		rec.alwaysKeep = w.p.alwaysKeep.Match(ctx, evaluated)
		evaluated.Close()
	}
	if !rec.trace.DecidesRecords() {
		w.resolution.ReadGroup(&rec.item, attributes)
	}
	if w.p.common.Reader.Lookups() == 0 || rec.item.Namespace != "" && !w.lacksGroup(rec) {
		return
	}
	if key := w.resolution.ReadKey(&rec.item, attributes); key != nil {
		w.wantIfNeeded(rec, key)
	}
}

// recall recalls the trace of record i. All records of a trace in the batch get the same answer, though spans may tell more about it at the same
// time. They often arrive together.
func (w *walk) recall(i int) {
	rec := &w.records[i]
	if w.p.memory == nil || rec.id.IsEmpty() {
		return
	}
	if i > 0 && w.records[i-1].id == rec.id {
		rec.trace = w.records[i-1].trace
		return
	}
	if len(w.unsettled) > 0 {
		if known, ok := w.unsettled[rec.id]; ok {
			rec.trace = known
			return
		}
	}
	rec.trace = w.p.memory.Peek(&rec.id, w.now)
	if !rec.trace.IsNamed() || w.resolution.HasGroups() && !rec.trace.Group.IsSettled() {
		w.unsettled[rec.id] = rec.trace
	}
}

// recallAgain recalls all traces again, after a lookup in which spans of them may have arrived.
func (w *walk) recallAgain() {
	if w.p.memory == nil {
		return
	}
	w.now = w.p.memory.Now()
	clear(w.unsettled)
	for i := range w.records {
		w.recall(i)
	}
}

// lacksGroup reports whether a group would decide the record if a lookup found one (G3, L2).
func (w *walk) lacksGroup(rec *record) bool {
	return w.resolution.LacksGroup(&rec.item) && !rec.trace.DecidesRecords() && !rec.stamp.IsSampled()
}

func (w *walk) wantIfNeeded(rec *record, key *namespace.Key) {
	if !w.needsLookup(rec) {
		rec.sifting.isOut = rec.item.Namespace == ""
		return
	}
	if w.hasBudgets {
		rec.sifting.at = w.siftedAt(rec)
	}
	w.resolution.Want(&rec.item, key)
}

// resolve looks up the namespaces and groups that are missing. One round trip answers all records; those whose key is unknown have their next
// key looked up in another one.
func (w *walk) resolve(ctx context.Context, ld plog.Logs) {
	for w.resolution.Resolve(ctx) {
		w.recallAgain()
		again := false
		for i := range w.records {
			again = w.resolution.Complete(&w.records[i].item) || again
		}
		if again {
			w.wantNextKeys(ld)
		}
	}
}

// wantNextKeys has the next keys of the records whose key is unknown looked up.
func (w *walk) wantNextKeys(ld plog.Logs) {
	n := 0
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			w.resolution.Reenter(sl.Scope().Attributes(), rl.Resource().Attributes())
			for _, data := range sl.LogRecords().All() {
				rec := &w.records[n]
				n++
				if key := w.resolution.ReadNextKey(&rec.item, data.Attributes()); key != nil {
					w.wantIfNeeded(rec, key)
				}
			}
		}
	}
}

// apply samples all records, and removes those that are dropped.
func (w *walk) apply(ld plog.Logs) {
	ld.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
		scopes := rl.ScopeLogs().Len()
		rl.ScopeLogs().RemoveIf(func(sl plog.ScopeLogs) bool {
			records := sl.LogRecords().Len()
			sl.LogRecords().RemoveIf(func(data plog.LogRecord) bool {
				rec := &w.records[w.next]
				w.next++
				return !w.sample(rec, data)
			})
			return records > 0 && sl.LogRecords().Len() == 0
		})
		return scopes > 0 && rl.ScopeLogs().Len() == 0
	})
}

// sample looks up the rate of a record, decides, and drops or stamps it.
func (w *walk) sample(rec *record, data plog.LogRecord) (keep bool) {
	by := w.rateOf(rec)
	d, rule := w.decide(rec, &by)
	by.counters.Count(rule, d.Keep)
	w.faults.Count(d.Fault, d.IsGroupOverruled)

	switch {
	case w.p.common.DryRun:
		return true
	case !d.Keep:
		return false
	}
	d.Write(data.Attributes())
	if name := w.nameToWrite(rec); name != "" { // also over a missing value, as on spans
		w.p.common.Reader.Write(data.Attributes(), name)
	}
	return true
}

// decide decides a record: by its exemption, else by on_failure, else by its rate.
func (w *walk) decide(rec *record, by *recordRate) (decision.Record, labels.Rule) {
	switch {
	case rec.alwaysKeep:
		return decision.Record{Keep: true}, labels.AlwaysKeep
	case rec.trace.IsKept():
		return decision.Record{Keep: true}, labels.AlwaysKeepTrace // T18
	}
	if decides, keep := w.p.common.OnFailure.Decides(by.unavailable); decides {
		return decision.Record{Keep: keep}, labels.Unavailable
	}
	sampler, r := w.samplerOf(rec), &by.match.Rate
	if w.resolution.HasGroups() && !sampler.HasGroup() && !r.IsAlways() && !r.IsNever() && !rec.stamp.IsSampled() {
		w.resolution.CountUngrouped()
	}
	d := sampler.DecideRecord(&rec.id, &rec.stamp, r)
	if by.budget != nil {
		w.meter(rec, by, &d)
	}
	return d, by.rule
}

func (w *walk) samplerOf(rec *record) decision.Sampler {
	return w.p.cfg.Sampler.In(rec.trace.GroupOfRecord(rec.item.Group))
}

// nameToWrite returns the namespace that a kept record does not carry: that of its lookup, else that of its trace (T20). A record that
// Postgres could not be asked about may belong to another namespace than its trace.
func (w *walk) nameToWrite(rec *record) string {
	switch {
	case rec.item.IsResolved():
		return rec.item.Namespace
	case rec.item.Namespace != "" || rec.item.IsUnavailable() || !w.p.cfg.Inherit || !rec.trace.IsNamed():
		return ""
	}
	return rec.trace.Trace.Name
}

// disable counts all records as dropped because log records are disabled.
func (w *walk) disable() {
	for i := range w.records {
		w.namespaces.Of(w.records[i].item.Namespace).Counters.Count(labels.Disabled, false)
	}
}

// report adds what happened to the batch to the internal metrics.
func (w *walk) report(ctx context.Context) {
	t := w.p.common.Telemetry
	w.resolution.Report(ctx, batch.LogsSignal)
	w.namespaces.Report(ctx, t.ProcessorNamespaceSamplerLogRecords)
	w.faults.Report(ctx, t.ProcessorNamespaceSamplerLogRecordFaults, w.p.common.Problems, problems.RecordFaults)
}

// reset prepares the walk for the next batch. It releases the telemetry of this one.
func (w *walk) reset() {
	clear(w.records)
	w.records, w.next = w.records[:0], 0
	w.faults = batch.Faults{}
	w.resolution.Reset()
	w.unsettled = batch.Emptied(w.unsettled, 0)
}
