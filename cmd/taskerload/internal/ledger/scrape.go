// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// sample is a line of the Prometheus text format.
type sample struct {
	metric string // the processor's name for it: spans, lookup_keys, lookup_duration_bucket
	labels map[string]string
	value  float64
}

// scrape is what the processor said about itself at one moment.
type scrape struct{ samples []sample }

func fetchMetrics(ctx context.Context, url string) (*scrape, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
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
	return parseMetrics(response.Body)
}

// The exporter may add the unit and _total to a name, or not, as the reader is configured.
var (
	metricName = regexp.MustCompile(`^otelcol_processor_namespace_sampler_` +
		`(spans|datapoints|lookup_keys|lookup_round_trips|lookup_duration)` +
		`(?:_+(?:spans|datapoints|keys|round_trips|lookups|s|seconds|ratio)_*)*(?:_total)?(_bucket|_sum|_count)?$`)
	labelPair = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"`)
)

func parseMetrics(r io.Reader) (*scrape, error) {
	out := &scrape{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		s, ok, err := parseSample(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("collector's own metrics: %w", err)
		}
		if ok {
			out.samples = append(out.samples, s)
		}
	}
	return out, lines.Err()
}

func parseSample(line string) (sample, bool, error) {
	end := strings.IndexAny(line, "{ ")
	if end < 0 {
		return sample{}, false, nil
	}
	name := metricName.FindStringSubmatch(line[:end])
	if name == nil {
		return sample{}, false, nil
	}
	s := sample{metric: name[1] + name[2], labels: map[string]string{}}
	rest := line[end:]
	if rest[0] == '{' {
		// A brace may stand in a label's value, a quote only escaped: the values end after the last quote.
		closing := strings.LastIndexByte(rest, '"') + 1
		closing += strings.IndexByte(rest[closing:], '}')
		for _, pair := range labelPair.FindAllStringSubmatch(rest[:closing], -1) {
			s.labels[pair[1]] = pair[2]
		}
		rest = rest[closing+1:]
	}
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return sample{}, false, fmt.Errorf("no value: %s", line)
	}
	value, err := strconv.ParseFloat(fields[0], 64)
	if err != nil {
		return sample{}, false, fmt.Errorf("%s: %w", line, err)
	}
	s.value = value
	return s, true, nil
}

// sum of a metric over all samples that have the label's value; an empty label takes all.
func (s *scrape) sum(metric, label, value string) (total float64) {
	if s == nil {
		return 0
	}
	for _, sample := range s.samples {
		if sample.metric == metric && (label == "" || sample.labels[label] == value) {
			total += sample.value
		}
	}
	return total
}

// counts are the values of a metric that counts items.
func (s *scrape) counts(metric string) map[count]int {
	counts := map[count]int{}
	if s == nil {
		return counts
	}
	for _, sample := range s.samples {
		if sample.metric == metric {
			counts[count{sample.labels["namespace"], sample.labels["decision"], sample.labels["rule"]}] += int(sample.value)
		}
	}
	return counts
}
