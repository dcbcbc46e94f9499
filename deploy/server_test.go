// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The samples of the server are of this hour, a minute apart.
var (
	began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	ended = began.Add(time.Hour)
)

// server is a Prometheus that has samples and the alerts.
type server struct {
	t   *testing.T
	url string
}

// startServer starts a server with samples: the values of series at each minute.
func startServer(t *testing.T, series map[string]func(minute int) int) *server {
	t.Helper()
	dir := t.TempDir()
	var samples strings.Builder
	for name, value := range series {
		for minute := range 61 {
			fmt.Fprintf(&samples, "%s %d %d\n", name, value(minute), began.Add(time.Duration(minute)*time.Minute).Unix())
		}
	}
	samples.WriteString("# EOF\n")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	run(t, "promtool", "tsdb", "create-blocks-from", "openmetrics", write("samples", samples.String()), filepath.Join(dir, "data"))
	rules, err := filepath.Abs("prometheus/namespace_sampler.yaml")
	require.NoError(t, err)
	address := freeAddress(t)
	command := exec.CommandContext(t.Context(), "prometheus", "--config.file="+write("prometheus.yml", "rule_files: ["+rules+"]\n"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--storage.tsdb.retention.time=100y", "--web.listen-address="+address)
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	command.Stdout, command.Stderr = log, log
	command.WaitDelay = 10 * time.Second
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	require.NoError(t, command.Start(), "make alerts installs Prometheus")
	t.Cleanup(func() {
		_ = command.Wait() // the context of the test has ended, so that it stops
		assert.NoError(t, log.Close())
	})
	s := &server{t, "http://" + address}
	require.Eventually(t, func() bool {
		response, err := s.get("/-/ready", nil)
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
	}, 30*time.Second, 20*time.Millisecond, "Prometheus is ready")
	return s
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func run(t *testing.T, name string, arguments ...string) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), name, arguments...).CombinedOutput()
	require.NoError(t, err, "%s (make alerts installs Prometheus)", output)
}

func (s *server) get(path string, parameters url.Values) (*http.Response, error) {
	request, err := http.NewRequestWithContext(context.WithoutCancel(s.t.Context()), http.MethodGet, s.url+path+"?"+parameters.Encode(), http.NoBody)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(request)
}

// ask reads the data of an answer.
func (s *server) ask(path string, parameters url.Values, data any) {
	s.t.Helper()
	response, err := s.get(path, parameters)
	require.NoError(s.t, err)
	answer := struct {
		Status, Error string
		Data          any
	}{Data: data}
	err = json.NewDecoder(response.Body).Decode(&answer)
	require.NoError(s.t, errors.Join(err, response.Body.Close()))
	require.Equal(s.t, "success", answer.Status, "%s: %s", parameters, answer.Error)
}

// draw returns what a panel of the dashboard draws over the hour: the samples of each series by its labels.
func (s *server) draw(expr string, topN string) map[string]int {
	s.t.Helper()
	variables := strings.NewReplacer("$job", ".*", "$instance", ".*", "$namespace", ".*", "$__rate_interval", "5m", "$__range", "3600s", "$topn", topN)
	var data struct {
		Result []struct {
			Metric map[string]string
			Values []any
		}
	}
	s.ask("/api/v1/query_range", url.Values{
		"query": {variables.Replace(expr)}, "start": {fmt.Sprint(began.Unix())}, "end": {fmt.Sprint(ended.Unix())}, "step": {"60"},
	}, &data)
	drawn := map[string]int{}
	for _, r := range data.Result {
		drawn[fmt.Sprint(r.Metric)] = len(r.Values)
	}
	return drawn
}

// What promtool evaluates is a moment; Grafana asks for ranges.
func TestARealPrometheusDrawsTheDashboard(t *testing.T) {
	const spans = prefix + "spans"
	s := startServer(t, map[string]func(minute int) int{
		spans + `{job="otelcol",instance="a",sampling_namespace="night",decision="dropped",rule="exact"}`: func(minute int) int { return 6000 * min(minute, 30) },
		spans + `{job="otelcol",instance="a",sampling_namespace="day",decision="kept",rule="exact"}`:      func(minute int) int { return 3000 * max(minute-30, 0) },
		spans + `{job="otelcol",instance="a",sampling_namespace="small",decision="kept",rule="exact"}`:    func(minute int) int { return 600 * minute },
		prefix + `sample_rate{job="otelcol",instance="a",sampling_namespace="night",signal="traces"}`:     func(int) int { return 0 },
		prefix + `sample_rate{job="otelcol",instance="a",sampling_namespace="small",signal="traces"}`:     func(int) int { return 1 },
	})
	byTitle := panels(t)
	// In each half of the hour another two are the busiest. The lines of those that are over all of it have no gaps.
	const night, day, points = "map[sampling_namespace:night]", "map[sampling_namespace:day]", 60 // none for the first minute
	assert.Equal(t, map[string]int{night: points, day: points}, s.draw(byTitle["Items by namespace"].Targets[0].Expr, "2"))
	share := byTitle["Share of spans kept, by namespace"].Targets
	kept := s.draw(share[0].Expr, "2")
	assert.Len(t, kept, 2)
	assert.InDelta(t, 32, kept[night], 2, "there is no share while nothing arrives")
	assert.Equal(t, 30, kept[day])
	assert.Equal(t, map[string]int{night: points + 1}, s.draw(share[1].Expr, "2"))

	dashboard := readDashboard(t)
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			s.draw(target.Expr, "10") // is an expression
		}
	}
	for _, a := range dashboard.Annotations.List {
		s.draw(a.Expr, "10")
	}
	var rules struct {
		Groups []struct{ Rules []struct{ Name string } }
	}
	s.ask("/api/v1/rules", nil, &rules)
	require.Len(t, rules.Groups, 1)
	assert.Len(t, rules.Groups[0].Rules, len(alerts(t)))
}
