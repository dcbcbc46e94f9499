// SPDX-License-Identifier: Apache-2.0

package remainder

import (
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/decision"
)

// feed returns the remainder of a dropped point of the current metric, or nil if there are too many.
func (b *Batch) feed(it *Item, variant uint64, attributes pcommon.Map, bounds func() ([]float64, int)) *feed {
	b.reduce()
	base := b.reduced.metric.Join(b.carried(it, attributes))
	key := uint64(base.Join(variant))
	f, ok := b.byKey[key]
	if !ok {
		f = b.newFeed(it, uint64(base), key, variant, attributes, bounds)
		b.byKey[key] = f
	}
	switch {
	case f == nil:
		b.lost++
	case f.to.isFolded:
		b.folded++
	}
	return f
}

// reduce computes the identity of what remainders carry of the current resource, scope and metric.
func (b *Batch) reduce() {
	k, h := &b.reduced, b.r.hasher
	if !b.isReduced.resource {
		k.resource = decision.Series(0).Join(b.without(h.Attributes(b.resource.Resource().Attributes()), b.resource.Resource().Attributes()))
		b.isReduced.resource, b.isReduced.scope = true, false
	}
	if !b.isReduced.scope {
		scope := b.scope.Scope()
		k.scope = h.Scope(k.resource, scope.Name(), scope.Version(), noAttributes).Join(b.without(h.Attributes(scope.Attributes()), scope.Attributes()))
		b.isReduced.scope, b.isReduced.metric = true, false
	}
	if !b.isReduced.metric {
		k.metric = h.Metric(k.scope, identityOf(b.metric))
		b.isReduced.metric = true
	}
}

var noAttributes = pcommon.NewMap()

// without takes from the hash of attributes those that remainders do not carry.
func (b *Batch) without(hash decision.Attributes, attributes pcommon.Map) uint64 {
	sum := hash.Present + hash.Missing
	for _, key := range b.r.cfg.Without {
		if v, ok := attributes.Get(key); ok {
			sum -= b.r.hasher.Entry(key, v)
		}
	}
	return sum
}

// carried is the hash of the attributes that the remainder of a point carries.
func (b *Batch) carried(it *Item, attributes pcommon.Map) uint64 {
	sum := b.without(it.Attributes, attributes)
	if it.Writes {
		sum += b.r.hasher.TextEntry(b.r.cfg.NamespaceAttribute, it.Namespace)
	}
	return sum
}

func identityOf(m pmetric.Metric) decision.Metric {
	x := decision.Metric{Name: m.Name(), Unit: m.Unit(), Type: int(m.Type())}
	switch m.Type() {
	case pmetric.MetricTypeSum:
		x.Temporality, x.Monotonic = int(m.Sum().AggregationTemporality()), m.Sum().IsMonotonic()
	case pmetric.MetricTypeHistogram:
		x.Temporality = int(m.Histogram().AggregationTemporality())
	case pmetric.MetricTypeExponentialHistogram:
		x.Temporality = int(m.ExponentialHistogram().AggregationTemporality())
	case pmetric.MetricTypeEmpty, pmetric.MetricTypeGauge, pmetric.MetricTypeSummary:
	}
	return x
}

// newFeed finds the remainder that a batch adds to for the first time, or makes it.
func (b *Batch) newFeed(it *Item, base, key, variant uint64, attributes pcommon.Map, bounds func() ([]float64, int)) *feed {
	r := b.r
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	r.sweep(now)
	s, ok := r.whole[key]
	switch {
	case ok:
	case len(r.whole) < r.cfg.MaxSeries:
		s = b.newSeries(base, variant, bounds)
		s.resourceKey, s.scopeKey, s.metricKey = uint64(b.reduced.resource), uint64(b.reduced.scope), uint64(b.reduced.metric)
		copyWithout(r.cfg.Without, b.resource.Resource().Attributes(), s.resource.Resource().Attributes())
		copyWithout(r.cfg.Without, b.scope.Scope().Attributes(), s.resource.ScopeMetrics().At(0).Scope().Attributes())
		copyWithout(r.cfg.Without, attributes, s.point)
		if it.Writes {
			s.point.PutStr(r.cfg.NamespaceAttribute, it.Namespace)
		}
		r.keep(r.whole, s, key, variant)
	default:
		if s = b.fold(it, variant, bounds); s == nil {
			return nil
		}
		if f, ok := b.bySeries[s]; ok { // several are folded into one
			return f
		}
	}
	s.fed = now
	f := &feed{to: s, isDelta: b.kind == isDelta, value: s.total.zero()}
	if b.metric.Type() == pmetric.MetricTypeExponentialHistogram {
		f.exponential = new(exponential)
	}
	b.fed = append(b.fed, f)
	b.bySeries[s] = f
	return f
}

// keep adds a remainder, and marks its points. Of those that differ in nothing but the kind of numbers or the bounds, the first has the UUID as it
// is, and others have a suffix (R5).
func (r *Remainder) keep(all map[uint64]*series, s *series, key, variant uint64) {
	id := r.id
	if _, isTaken := r.plain[s.base]; isTaken {
		id += "-" + strconv.FormatUint(variant, 36)
	} else {
		r.plain[s.base] = key
	}
	s.point.PutStr(IDAttribute, id)
	all[key] = s
}

// fold returns the remainder that carries a namespace alone, or nil if there are too many of these, too.
func (b *Batch) fold(it *Item, variant uint64, bounds func() ([]float64, int)) *series {
	r, h := b.r, b.r.hasher
	// As of a remainder without resource attributes and scope attributes: it is the same if there is one.
	scope := h.Scope(decision.Series(0).Join(0), b.scope.Scope().Name(), b.scope.Scope().Version(), noAttributes).Join(0)
	metric := h.Metric(scope, identityOf(b.metric))
	carried := uint64(0)
	if it.Namespace != "" {
		carried = h.TextEntry(r.cfg.NamespaceAttribute, it.Namespace)
	}
	base := metric.Join(carried)
	key := uint64(base.Join(variant))
	for _, all := range [...]map[uint64]*series{r.whole, r.folded} {
		if s, ok := all[key]; ok {
			return s
		}
	}
	if len(r.folded) >= r.cfg.MaxSeries {
		return nil
	}
	s := b.newSeries(uint64(base), variant, bounds)
	s.isFolded = true
	s.resourceKey, s.scopeKey, s.metricKey = uint64(decision.Series(0).Join(0)), uint64(scope), uint64(metric)
	if it.Namespace != "" {
		s.point.PutStr(r.cfg.NamespaceAttribute, it.Namespace)
	}
	r.keep(r.folded, s, key, variant)
	return s
}

// newSeries returns a remainder of the current metric that carries no attributes.
func (b *Batch) newSeries(base, variant uint64, bounds func() ([]float64, int)) *series {
	s := &series{base: base, resource: pmetric.NewResourceMetrics(), point: pcommon.NewMap()}
	var buckets int
	s.bounds, buckets = bounds()
	s.total = value{isDouble: variant == ofDouble, counts: make([]uint64, buckets)}
	s.resource.SetSchemaUrl(b.resource.SchemaUrl())
	sm := s.resource.ScopeMetrics().AppendEmpty()
	sm.SetSchemaUrl(b.scope.SchemaUrl())
	sm.Scope().SetName(b.scope.Scope().Name())
	sm.Scope().SetVersion(b.scope.Scope().Version())
	describe(b.metric, sm.Metrics().AppendEmpty())
	return s
}
