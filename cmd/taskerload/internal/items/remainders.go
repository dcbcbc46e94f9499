// SPDX-License-Identifier: Apache-2.0

package items

import (
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// RemainderAttribute marks the data points that dropped ones add up to, and tells those of two collectors apart.
const RemainderAttribute = "otelcol.remainder.id"

// IsRemainder reports whether dropped points add up to the point.
func (p *Point) IsRemainder() bool {
	_, ok := p.Attributes.Get(RemainderAttribute)
	return ok
}

// Grows reports whether the point is one of a counter or a histogram. Those of the load are cumulative.
func (p *Point) Grows() bool {
	return p.Metric.Type() == pmetric.MetricTypeSum || p.Metric.Type() == pmetric.MetricTypeHistogram
}

// Sum returns text that is the same for all points which differ only in attributes that remainders do not carry: those that are added up, and
// those that they add up to. Points of histograms with other bounds are not added up. The namespace is one that is written to the point; empty: none.
func (p *Point) Sum(without []string, namespace string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %q %v ", p.Metric.Name(), kind(p.Metric), p.Metric.Unit(), p.Bounds)
	attributes := p.Attributes
	if namespace != "" {
		attributes = pcommon.NewMap()
		p.Attributes.CopyTo(attributes)
		attributes.PutStr(NamespaceAttribute, namespace)
	}
	writeAttributes(&b, attributes, append(slices.Clone(without), RemainderAttribute)...)
	p.writeOrigin(&b, without...)
	return b.String()
}

// Export returns text that is the same for all points that exports of one metric from one resource and scope have.
func (p *Point) Export() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %q", p.Metric.Name(), kind(p.Metric), p.Metric.Unit())
	p.writeOrigin(&b)
	return b.String()
}
