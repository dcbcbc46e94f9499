// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/child"
)

// scrapeInterval is far longer than a scrape takes, even on a busy machine.
const scrapeInterval = 2 * time.Second

// prometheusServer is a running Prometheus.
type prometheusServer struct {
	t    testing.TB
	addr string
	jobs int
}

var listening = regexp.MustCompile(`msg="Listening on".* address=(127\.0\.0\.1:\d+)`)

// startPrometheus starts a Prometheus that scrapes collectors, each as a job. It stops when the test ends.
func startPrometheus(t testing.TB, jobs map[string]*harness.Collector) *prometheusServer {
	t.Helper()
	binary, err := exec.LookPath("prometheus")
	require.NoError(t, err, "Debian's package prometheus has it, which make alerts installs")
	var config strings.Builder
	fmt.Fprintf(&config, "global: {scrape_interval: %s, scrape_timeout: %[1]s}\nscrape_configs:\n", scrapeInterval)
	for job, collector := range jobs {
		fmt.Fprintf(&config, "- {job_name: %s, static_configs: [{targets: [%q]}]}\n", job, collector.Prometheus())
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prometheus.yaml"), []byte(config.String()), 0o600))
	log := &harness.Log{}
	cmd := exec.Command(binary, "--config.file=prometheus.yaml", "--storage.tsdb.path=data", "--web.listen-address=127.0.0.1:0",
		"--no-scrape.adjust-timestamps") // samples have the time when a scrape began, not one nearby
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	process, err := child.Start(cmd, syscall.SIGKILL)
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := process.Stop(time.Minute); err != nil {
			t.Error(err)
		}
	})
	p := &prometheusServer{t: t, jobs: len(jobs)}
	require.True(t, harness.Eventually(time.Minute, func() bool {
		if match := listening.FindStringSubmatch(log.String()); match != nil {
			p.addr = match[1]
		}
		return p.addr != "" && p.isReady() || process.Exited()
	}))
	require.False(t, process.Exited(), "the log of Prometheus:\n%s", log)
	return p
}

func (p *prometheusServer) isReady() bool {
	response, err := http.Get("http://" + p.addr + "/-/ready")
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode == http.StatusOK
}

// query evaluates an expression at an instant.
func (p *prometheusServer) query(at time.Time, expr string) model.Vector {
	p.t.Helper()
	response, err := http.PostForm("http://"+p.addr+"/api/v1/query", url.Values{
		"query": {expr}, "time": {strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64)},
	})
	require.NoError(p.t, err)
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Error string
		Data  struct{ Result model.Vector }
	}
	require.NoError(p.t, json.NewDecoder(response.Body).Decode(&answer))
	require.Equal(p.t, http.StatusOK, response.StatusCode, "%s: %s", expr, answer.Error)
	return answer.Data.Result
}

// byLabels evaluates an expression at an instant, by the values of its labels.
func (p *prometheusServer) byLabels(at time.Time, expr string, labels ...model.LabelName) map[string]float64 {
	p.t.Helper()
	values := map[string]float64{}
	for _, sample := range p.query(at, expr) {
		var key []string
		for _, label := range labels {
			key = append(key, string(sample.Metric[label]))
		}
		values[strings.Join(key, " ")] = float64(sample.Value)
	}
	return values
}

// scrapedAfter reports whether the last scrape of each job until an instant succeeded and began after another one.
func (p *prometheusServer) scrapedAfter(at, after time.Time) bool {
	p.t.Helper()
	scraped := 0
	for _, sample := range p.query(at, "timestamp(up) * up") {
		if float64(sample.Value) > float64(after.UnixMilli())/1000 {
			scraped++
		}
	}
	return scraped == p.jobs
}

// settled returns an instant of which all samples are there, and show what the collectors had after another one.
func (p *prometheusServer) settled(after time.Time) (instant time.Time) {
	p.t.Helper()
	require.True(p.t, harness.Eventually(time.Minute, func() bool {
		instant = time.Now().Truncate(time.Millisecond)
		if !p.scrapedAfter(instant, after) {
			return false
		}
		// Scrapes of a job follow each other: what began until the instant has ended when a later one has.
		require.True(p.t, harness.Eventually(time.Minute, func() bool { return p.scrapedAfter(time.Now(), instant) }))
		return p.scrapedAfter(instant, after)
	}))
	return instant
}
