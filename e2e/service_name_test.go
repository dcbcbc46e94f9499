// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
)

// TestNamespacesFollowFromServiceNamesWithoutADatabase runs testdata/service_name.yaml.
func TestNamespacesFollowFromServiceNamesWithoutADatabase(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{
		Base: testdata + "/service_name.yaml", Before: []string{"transform/namespace"}, Processor: "{}", Sink: sink,
	})
	client, r, want, sent := harness.NewClient(t, collector), random(), outcomes{}, 0
	for _, service := range []struct {
		resource  attrs
		namespace any
		rate      float64
	}{
		{attrs{"service.name": "checkout"}, "payments", 1},
		{attrs{"service.name": "card-gateway"}, "payments", 1},
		{attrs{"service.name": "analytics-export"}, "analytics", 0.01},
		{attrs{"service.name": "checkout-mock"}, nil, 0.1},
		{attrs{"service.name": int64(5)}, nil, 0.1},
		{attrs{}, nil, 0.1},
	} {
		spans := randomSpans(r, 400, nil)
		before := len(sink.Spans())
		client.Traces(traces(t, service.resource, nil, spans...))
		want.expect(t, service.rate, spans...)
		for _, s := range sink.Spans()[before:] {
			assert.Equal(t, service.namespace, s.Resource.Attributes().AsRaw()["namespace"], "%v", service.resource)
		}
		sent += len(spans)
	}
	assert.Equal(t, want, outcomesOf(sink.Spans()))
	assertCountedOnce(t, collector, "spans", sent, len(sink.Spans()))
}

func TestAServiceNameCanBeTheNamespace(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Processor: `
namespace: {attributes: [namespace, service.name]}
sample_rate: 0.1
namespaces: {checkout: 1, orders: 0.5}`})
	client, r, want := harness.NewClient(t, collector), random(), outcomes{}
	for _, service := range []struct {
		resource attrs
		rate     float64
	}{
		{attrs{"service.name": "checkout"}, 1},
		{attrs{"service.name": "checkout", "namespace": "orders"}, 0.5},
		{attrs{"service.name": "search"}, 0.1},
	} {
		spans := randomSpans(r, 200, nil)
		client.Traces(traces(t, service.resource, nil, spans...))
		want.expect(t, service.rate, spans...)
	}
	assert.Equal(t, want, outcomesOf(sink.Spans()))
}
