// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Prefix is what the names of the processor's internal metrics begin with.
const Prefix = "otelcol_processor_namespace_sampler_"

// Labels are labels with their values.
type Labels map[string]string

// Scrape holds metrics as they were at one moment, by name.
type Scrape map[string]*dto.MetricFamily

// Scrape reads the collector's internal metrics.
func (c *Collector) Scrape() Scrape {
	c.t.Helper()
	return c.scrape(net.JoinHostPort(c.addr.MetricsHost, c.addr.MetricsPort))
}

// Exposed returns the samples of the Prometheus exporter. It fails the test if a series is exposed twice, or if the exporter
// could not collect a metric.
func (c *Collector) Exposed() model.Vector {
	c.t.Helper()
	families := slices.Collect(maps.Values(c.scrape(c.addr.Prometheus)))
	samples, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{}, families...)
	if err != nil {
		c.t.Fatalf("scrape: %v", err)
	}
	seen := make(map[model.Fingerprint]bool, len(samples))
	for _, sample := range samples {
		fingerprint := sample.Metric.Fingerprint()
		if seen[fingerprint] {
			c.t.Errorf("exposed twice: %s", sample.Metric)
		}
		seen[fingerprint] = true
	}
	return samples
}

// scrape returns the metrics that an address exposes in the text format.
func (c *Collector) scrape(address string) Scrape {
	c.t.Helper()
	return ScrapeAt(c.t, address)
}

// ScrapeAt returns the metrics that an address exposes in the text format.
func ScrapeAt(t testing.TB, address string) Scrape {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Minute}
	defer client.CloseIdleConnections()
	response, err := client.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatalf("scrape: %v", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(response.Body)
		t.Fatalf("scrape: %s\n%s", response.Status, body)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		t.Fatalf("scrape: %v", err)
	}
	return families
}

// Sum returns the sum of a metric's series that have the labels. A histogram counts as its number of observations, an absent
// metric as 0.
func (s Scrape) Sum(name string, labels Labels) float64 {
	var sum float64
	for _, m := range s[name].GetMetric() {
		if matches(m, labels) {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return sum
}

// Values returns the distinct values of a label of a metric.
func (s Scrape) Values(name, label string) map[string]bool {
	values := map[string]bool{}
	for _, m := range s[name].GetMetric() {
		for _, pair := range m.GetLabel() {
			if pair.GetName() == label {
				values[pair.GetValue()] = true
			}
		}
	}
	return values
}

func matches(m *dto.Metric, labels Labels) bool {
	found := 0
	for _, pair := range m.GetLabel() {
		if value, ok := labels[pair.GetName()]; ok {
			if value != pair.GetValue() {
				return false
			}
			found++
		}
	}
	return found == len(labels)
}
