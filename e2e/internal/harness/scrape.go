// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Prefix is what the names of the processor's internal metrics begin with.
const Prefix = "otelcol_processor_namespace_sampler_"

// Labels are labels with their values.
type Labels map[string]string

// Scrape is what the internal metrics said at one moment.
type Scrape map[string]*dto.MetricFamily

// Scrape reads the collector's internal metrics.
func (c *Collector) Scrape() Scrape {
	c.t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(c.get(net.JoinHostPort(c.addr.MetricsHost, c.addr.MetricsPort))))
	if err != nil {
		c.t.Fatalf("scrape: %v", err)
	}
	return families
}

// Exposed returns the series of the Prometheus exporter with their values: name and labels, as they are written there, to the
// value. The test fails where one stands there twice, or where anything could not be collected.
func (c *Collector) Exposed() map[string]string {
	c.t.Helper()
	series := map[string]string{}
	for line := range strings.Lines(c.get(c.addr.Prometheus)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		end := strings.LastIndexByte(line, ' ')
		if _, twice := series[line[:end]]; twice {
			c.t.Errorf("exposed twice: %s", line[:end])
		}
		series[line[:end]] = line[end+1:]
	}
	return series
}

// get returns what an address exposes.
func (c *Collector) get(address string) string {
	c.t.Helper()
	client := http.Client{Timeout: 5 * time.Minute}
	defer client.CloseIdleConnections()
	response, err := client.Get("http://" + address + "/metrics")
	if err != nil {
		c.t.Fatalf("scrape: %v", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		c.t.Fatalf("scrape: %s: %v\n%s", response.Status, err, body)
	}
	return string(body)
}

// Sum returns the sum over all series of a metric that have the labels; that of a histogram is its number of
// observations. A metric that is not there has none.
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
