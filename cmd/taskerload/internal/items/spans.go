// SPDX-License-Identifier: Apache-2.0

// Package items walks over the spans, data points and log records of OTLP requests.
package items

import (
	"iter"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// NamespaceAttribute names the attribute with the namespace of an item, its scope or its resource.
const NamespaceAttribute = "namespace"

// Span is a span with the attributes of its scope and its resource.
type Span struct {
	ptrace.Span
	Scope, Resource pcommon.Map
}

// Spans yields the spans of a request in their order.
func Spans(request ptrace.Traces) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		for _, resource := range request.ResourceSpans().All() {
			for _, scope := range resource.ScopeSpans().All() {
				for _, span := range scope.Spans().All() {
					if !yield(Span{span, scope.Scope().Attributes(), resource.Resource().Attributes()}) {
						return
					}
				}
			}
		}
	}
}

// Namespace returns the value of the namespace attribute as text, and whether the attribute is present.
func Namespace(attributes pcommon.Map) (value string, present bool) {
	v, ok := attributes.Get(NamespaceAttribute)
	if !ok {
		return "", false
	}
	return v.AsString(), true
}
