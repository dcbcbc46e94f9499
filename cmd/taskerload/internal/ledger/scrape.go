// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/otelcol-tasker/otelcol-tasker/cmd/taskerload/internal/oracle"
)

// namespaceLabel is the label of the processor's own metrics that holds the namespace.
const namespaceLabel = "sampling_namespace"

const scrapeTimeout = 10 * time.Second

// Scrape is the state of the processor's own metrics at one moment.
type Scrape struct {
	metrics map[string][]*dto.Metric // by the processor's name for them, such as lookup_keys
}

// Fetch reads the metrics from the collector.
func Fetch(ctx context.Context, url string) (*Scrape, error) {
	ctx, cancel := context.WithTimeout(ctx, scrapeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("collector's own metrics: %w", err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("collector's own metrics: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("collector's own metrics: %s: %s", url, response.Status)
	}
	return Parse(response.Body)
}

// familyName matches the names that the collector can give the processor's metrics: depending on its configuration, it
// appends the unit and _total.
var familyName = regexp.MustCompile(`^otelcol_processor_namespace_sampler_` +
	`(spans|datapoints|remainder_datapoints|log_records|log_record_faults|lookup_keys|lookup_round_trips|lookup_duration|` +
	`held_spans|set_aside_spans|tracestate_faults)` +
	`(?:_+(?:spans|datapoints|records|keys|round_trips|lookups|s|seconds|ratio)_*)*(?:_total)?$`)

// Parse reads metrics in the Prometheus text format.
func Parse(r io.Reader) (*Scrape, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(r)
	if err != nil {
		return nil, fmt.Errorf("collector's own metrics: %w", err)
	}
	s := &Scrape{metrics: map[string][]*dto.Metric{}}
	for name, family := range families {
		if parts := familyName.FindStringSubmatch(name); parts != nil {
			s.metrics[parts[1]] = append(s.metrics[parts[1]], family.GetMetric()...)
		}
	}
	return s, nil
}

// Held is the number of spans that the processor holds.
func (s *Scrape) Held() int { return int(s.sum("held_spans", "", "")) }

// sum adds up the values of a counter or gauge. With a label, only those that have the label's value count.
func (s *Scrape) sum(metric, label, value string) (total float64) {
	for _, m := range s.metrics[metric] {
		if label == "" || labelValue(m, label) == value {
			total += valueOf(m)
		}
	}
	return total
}

// counters returns the values of a metric that counts items.
func (s *Scrape) counters(metric string) map[oracle.Counter]int {
	counters := map[oracle.Counter]int{}
	for _, m := range s.metrics[metric] {
		c := oracle.Counter{
			Namespace: labelValue(m, namespaceLabel), Decision: labelValue(m, "decision"), Rule: labelValue(m, "rule"),
		}
		counters[c] += int(valueOf(m))
	}
	return counters
}

// valueOf also accepts a metric without a TYPE line.
func valueOf(m *dto.Metric) float64 {
	return m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
}

func labelValue(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}
