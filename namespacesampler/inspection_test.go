// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/inspect"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/metadata"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// startInspected starts the processor with settings and an endpoint to inspect it, whose URL it returns.
func startInspected(t *testing.T, settings map[string]any) (*harness, string) {
	t.Helper()
	endpoint := freeAddress(t)
	section, _ := settings["inspect"].(map[string]any)
	if section == nil {
		section = map[string]any{}
		settings["inspect"] = section
	}
	section["endpoint"] = endpoint
	return start(t, settings), "http://" + endpoint
}

// freeAddress returns a loopback address that nobody listened on a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return l.Addr().String()
}

// read reads a URL.
func read(t *testing.T, address string) (status int, body string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	all, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(all)
}

func readJSON[T any](t *testing.T, address string) (out T) {
	t.Helper()
	status, body := read(t, address)
	require.Equal(t, http.StatusOK, status, body)
	require.NoError(t, json.Unmarshal([]byte(body), &out), body)
	return out
}

func rowsByName(n inspect.Namespaces) map[string]inspect.Row {
	rows := map[string]inspect.Row{}
	for _, row := range n.Namespaces {
		rows[row.Name] = row
	}
	return rows
}

func TestConfigShowsWhatIsInForce(t *testing.T) {
	_, at := startInspected(t, map[string]any{
		"sample_rate": 0.2,
		"namespaces":  map[string]any{"payments": 1, "orders": 0.5},
		"metrics": map[string]any{
			"namespaces": map[string]any{"orders": 0.25, "analytics": 0.01},
			"detailed":   map[string]any{"enabled": false},
		},
		"tracing": map[string]any{"sample_rate": 0.1},
	})
	telemetry := readJSON[inspect.Config](t, at+"/config").Common.Telemetry
	assert.True(t, telemetry.Enabled)
	assert.True(t, telemetry.Tracing.Enabled)
	assert.InDelta(t, 0.1, telemetry.Tracing.SampleRate, 0)
	assert.Equal(t, map[string]float64{"payments": 1, "orders": 0.5}, telemetry.Tracing.Namespaces)
	assert.False(t, telemetry.Metrics.Detailed.Enabled)
	assert.InDelta(t, 0.2, telemetry.Metrics.Detailed.SampleRate, 0, "the inherited one, also while it is disabled")
	assert.Equal(t, map[string]float64{"payments": 1, "orders": 0.25, "analytics": 0.01}, telemetry.Metrics.Namespaces)
	assert.Nil(t, telemetry.Postgres)

	rows := rowsByName(readJSON[inspect.Namespaces](t, at+"/namespaces"))
	assert.Len(t, rows, 3, "configured namespaces are listed though nobody saw them")
	assert.Equal(t, inspect.Rate{SampleRate: 0.5, Rule: "exact", Source: "shared_override"}, rows["orders"].Traces.Rate)
	assert.Equal(t, inspect.Rate{SampleRate: 0.25, Rule: "exact", Source: "signal_override"}, rows["orders"].Metrics.Rate)
	assert.Equal(t, inspect.Rate{SampleRate: 0.1, Rule: "global", Source: "signal_global"}, rows["analytics"].Traces.Rate)
	assert.True(t, rows["analytics"].Configured)
	assert.Nil(t, rows["analytics"].LastSeen)
	assert.Nil(t, rows["analytics"].Registered, "nobody knows")
}

func TestPatternsAndEndsAreShown(t *testing.T) {
	_, at := startInspected(t, map[string]any{
		"namespaces": map[string]any{
			"rust_*": 0.1, "rust_e2e": map[string]any{"sample_rate": 0.5, "until": "2999-01-01T00:00:00Z"},
			"past": map[string]any{"sample_rate": 0, "until": "2001-01-01T00:00:00Z"},
		},
	})
	end := time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)
	want := inspect.Rate{SampleRate: 0.5, Rule: "exact", Source: "shared_override", ExpiresAt: &end}
	rows := rowsByName(readJSON[inspect.Namespaces](t, at+"/namespaces"))
	assert.Equal(t, want, rows["rust_e2e"].Traces.Rate)
	assert.NotContains(t, rows, "rust_*", "a pattern is no namespace")
	e := readJSON[inspect.Explanation](t, at+"/explain?namespace=rust_x")
	assert.Equal(t, inspect.Rate{SampleRate: 0.1, Rule: "pattern", Pattern: "rust_*", Source: "shared_override"}, e.Rate)
	assert.Equal(t, want, readJSON[inspect.Explanation](t, at+"/explain?namespace=rust_e2e").Rate)
	assert.Equal(t, "global", readJSON[inspect.Explanation](t, at+"/explain?namespace=unknown").Rule, "a missing value is no namespace")
	telemetry := readJSON[inspect.Config](t, at+"/config").Common.Telemetry
	assert.Equal(t, map[string]float64{"rust_*": 0.1, "rust_e2e": 0.5}, telemetry.Metrics.Namespaces, "patterns as written, what is over as not there")
}

func TestNamespacesShowEveryItemOnce(t *testing.T) {
	h, at := startInspected(t, map[string]any{
		"namespaces": map[string]any{"payments": 1, "silent": 0}, "sample_rate": 0.5, "tracing": map[string]any{"sampler": "trace_id_ratio"},
		"telemetry": map[string]any{"max_namespaces": 0}, // of internal metrics only
	})
	named := func(name string) map[string]any { return map[string]any{"namespace": name} }
	h.consumeTraces(tracesOf(t, span{attributes: named("payments")}, span{attributes: named("payments")},
		span{attributes: named("silent")}, span{attributes: named("stranger"), id: highID}, span{attributes: named("stranger"), id: lowID},
		span{id: lowID}))
	md := pmetric.NewMetrics()
	points := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptyGauge().DataPoints()
	for _, name := range []string{"payments", "silent", "silent"} {
		points.AppendEmpty().Attributes().PutStr("namespace", name)
	}
	points.AppendEmpty()
	h.consumeMetrics(md)

	n := readJSON[inspect.Namespaces](t, at+"/namespaces")
	rows := rowsByName(n)
	assert.Len(t, rows, 3)
	assert.Equal(t, inspect.Counts{Kept: 2}, rows["payments"].Traces.Counts)
	assert.Equal(t, inspect.Counts{Kept: 1}, rows["payments"].Metrics.Counts)
	assert.Equal(t, inspect.Counts{Dropped: 1}, rows["silent"].Traces.Counts)
	assert.Equal(t, inspect.Counts{Dropped: 2}, rows["silent"].Metrics.Counts)
	assert.Equal(t, inspect.Counts{Kept: 1, Dropped: 1}, rows["stranger"].Traces.Counts)
	assert.False(t, rows["stranger"].Configured)
	assert.NotNil(t, rows["stranger"].LastSeen)
	assert.Equal(t, inspect.Counts{Dropped: 1}, n.None.Traces)
	assert.Equal(t, inspect.Counts{Kept: 1}, n.None.Metrics)
	assert.Equal(t, inspect.Sums{}, n.Other)
}

func TestNamespacesBeyondTheBoundAreCountedTogether(t *testing.T) {
	for name, c := range map[string]struct{ asked, bound int }{
		"10,000":                            {asked: 200, bound: maxSeen},
		"telemetry::max_namespaces is more": {asked: maxSeen + 50, bound: maxSeen + 50 + 1},
	} {
		t.Run(name, func(t *testing.T) {
			h, at := startInspected(t, map[string]any{
				"namespaces": map[string]any{"configured": 1}, "telemetry": map[string]any{"max_namespaces": c.asked},
			})
			const strangers = maxSeen + 100
			for i := range strangers / 100 {
				var spans []span
				for j := range 100 {
					spans = append(spans, span{attributes: map[string]any{"namespace": fmt.Sprint("stranger ", 100*i+j)}})
				}
				h.consumeTraces(tracesOf(t, spans...))
			}
			h.consumeTraces(tracesOf(t, span{attributes: map[string]any{"namespace": "configured"}}))
			n := readJSON[inspect.Namespaces](t, at+"/namespaces")
			assert.Len(t, n.Namespaces, c.bound-1, "and the place of those without a namespace")
			assert.EqualValues(t, strangers+1-int64(len(n.Namespaces)), n.Other.Traces.Kept)
			assert.EqualValues(t, 1, rowsByName(n)["configured"].Traces.Kept)
		})
	}
}

// TestExplanationsAgreeWithDecisions asks about spans after they were decided.
func TestExplanationsAgreeWithDecisions(t *testing.T) {
	for _, sampler := range []Sampler{ParentBased, TraceIDRatio} {
		t.Run(string(sampler), func(t *testing.T) {
			h, at := startInspected(t, map[string]any{
				"namespaces": map[string]any{"payments": 1, "orders": 0.5, "silent": 0}, "sample_rate": 0.25,
				"tracing": map[string]any{"sampler": string(sampler)},
			})
			names := []string{"payments", "orders", "silent", "stranger", "unknown", ""}
			states := []string{"", "ot=th:c", "ot=rv:ffffffffffffff", "x=y", "not a state"}
			var spans []span
			for i := range 300 {
				spans = append(spans, span{
					id: randomID(), tracestate: states[i%len(states)], attributes: map[string]any{"namespace": names[i%len(names)]},
				})
			}
			kept := map[[16]byte]bool{}
			for _, s := range h.consumeTraces(tracesOf(t, spans...)) {
				kept[s.TraceID()] = true
			}
			for _, s := range spans {
				e := readJSON[inspect.Explanation](t, at+"/explain?"+url.Values{
					"namespace": {s.attributes["namespace"].(string)}, "trace_id": {s.id.String()}, "tracestate": {s.tracestate},
				}.Encode())
				want := "dropped"
				if kept[s.id] {
					want = "kept"
				}
				require.NotNil(t, e.Decision)
				assert.Equal(t, want, *e.Decision, "%+v: %+v", s, e)
			}
		})
	}
}

func TestARememberedTraceAnswersForItsSpans(t *testing.T) { // T16
	h, at := startInspected(t, map[string]any{"namespaces": map[string]any{"orders": 0.5}, "sample_rate": 0})
	h.consumeTraces(tracesOf(t, span{id: highID, root: true, attributes: map[string]any{"namespace": "orders"}}))
	e := readJSON[inspect.Explanation](t, at+"/explain?namespace=stranger&trace_id="+highID.String())
	assert.Equal(t, "trace", e.Source)
	assert.InDelta(t, 0.5, e.SampleRate, 0)
	assert.Equal(t, "8", e.Threshold)
	assert.Equal(t, "ffffffffffffff", *e.Randomness)
	assert.Equal(t, "kept", *e.Decision)

	e = readJSON[inspect.Explanation](t, at+"/explain?namespace=stranger&trace_id="+lowID.String())
	assert.Equal(t, "global", e.Source)
	assert.Equal(t, "never", e.Threshold)
	assert.Equal(t, "dropped", *e.Decision)

	e = readJSON[inspect.Explanation](t, at+"/explain?namespace=orders")
	assert.Equal(t, "shared_override", e.Source)
	assert.Nil(t, e.Randomness)
	assert.Nil(t, e.Decision)

	e = readJSON[inspect.Explanation](t, at+"/explain?namespace=orders&trace_id=00000000000000000000000000000000")
	assert.Nil(t, e.Randomness)
	assert.Nil(t, e.Decision, "nobody can foretell a draw (T9)")

	e = readJSON[inspect.Explanation](t, at+"/explain?namespace=orders&signal=metrics&trace_id="+highID.String())
	assert.Nil(t, e.Decision)
	assert.Equal(t, "8", e.Threshold)
}

func TestAPortInUseIsEveryInstancesFailedStart(t *testing.T) { // C2
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	cfg := load(t, map[string]any{"inspect": map[string]any{"endpoint": taken.Addr().String()}})
	rs := newRuntimes()
	for range 2 {
		l, err := rs.acquire(processortest.NewNopSettings(metadata.Type), cfg)
		require.NoError(t, err)
		defer func() { require.NoError(t, l.shutdown(context.Background())) }()
		err = l.start(t.Context(), componenttest.NewNopHost())
		require.ErrorContains(t, err, "inspect: endpoint: cannot listen at "+taken.Addr().String())
		require.ErrorContains(t, err, "address already in use")
	}
}

func TestThereIsNoServerUnlessItIsConfigured(t *testing.T) {
	assert.False(t, load(t, nil).Inspect.HasValue())
	assert.False(t, load(t, map[string]any{"inspect": nil}).Inspect.HasValue(), "as it is printed where it is not set")
	cfg := load(t, map[string]any{"inspect": map[string]any{}})
	require.True(t, cfg.Inspect.HasValue())
	assert.Equal(t, "localhost:8090", cfg.Inspect.Get().NetAddr.Endpoint)
	assert.Positive(t, cfg.Inspect.Get().ReadHeaderTimeout)
	assert.Positive(t, cfg.Inspect.Get().ReadTimeout)
	assert.Positive(t, cfg.Inspect.Get().WriteTimeout)
}

// TestEveryServerSettingIsTaken, though each is of a type of its own.
func TestEveryServerSettingIsTaken(t *testing.T) {
	for name, headers := range map[string]any{
		"map":  map[string]any{"X-Site": "a"},
		"list": []any{map[string]any{"name": "X-Site", "value": "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := load(t, map[string]any{"inspect": map[string]any{
				"endpoint": "localhost:1", "transport": "tcp4", "response_headers": headers, "cors": map[string]any{"allowed_origins": []any{"*"}},
				"tls":  map[string]any{"cert_file": "a", "key_file": "b", "min_version": "1.3", "reload_interval": "1m"},
				"auth": map[string]any{"authenticator": "basicauth", "request_params": []any{"token"}}, "middlewares": []any{map[string]any{"id": "x"}},
				"compression_algorithms": []any{"gzip"}, "max_request_body_size": 1000, "include_metadata": true, "read_timeout": "1s",
				"write_timeout": "2s", "idle_timeout": "3s", "keep_alives_enabled": false, "dialer": map[string]any{"timeout": "1s"},
			}}).Inspect.Get()
			site, _ := cfg.ResponseHeaders.Get("X-Site")
			assert.Equal(t, "a", string(site))
			assert.Equal(t, "basicauth", cfg.Auth.Get().AuthenticatorID.String())
			assert.Equal(t, "1.3", cfg.TLS.Get().MinVersion)
			assert.False(t, cfg.KeepAlivesEnabled)
		})
	}
	cfg := load(t, map[string]any{"inspect": map[string]any{"tls": nil, "cors": nil, "auth": nil, "response_headers": nil, "middlewares": nil}})
	assert.False(t, cfg.Inspect.Get().TLS.HasValue(), "as it is printed where it is not set")
}

func TestTheServerEndsWithTheLastInstance(t *testing.T) { // C2, C3
	endpoint := freeAddress(t)
	cfg := load(t, map[string]any{"inspect": map[string]any{"endpoint": endpoint}})
	rs := newRuntimes()
	set, host := processortest.NewNopSettings(metadata.Type), componenttest.NewNopHost()
	first, err := rs.acquire(set, cfg)
	require.NoError(t, err)
	second, err := rs.acquire(set, cfg)
	require.NoError(t, err)
	require.NoError(t, first.start(t.Context(), host))
	require.NoError(t, second.start(t.Context(), host), "one server for both")
	require.NoError(t, first.shutdown(t.Context()))
	status, _ := read(t, "http://"+endpoint+"/config")
	assert.Equal(t, http.StatusOK, status)
	require.NoError(t, second.shutdown(t.Context()))
	_, err = net.Dial("tcp", endpoint)
	require.Error(t, err)
}

// TestAClientThatHangsHoldsNobodyUp: what is asked is answered as long as the deadline lasts, and no longer.
func TestAClientThatHangsHoldsNobodyUp(t *testing.T) { // C3
	endpoint := freeAddress(t)
	l, err := newRuntimes().acquire(processortest.NewNopSettings(metadata.Type), load(t, map[string]any{
		"inspect": map[string]any{"endpoint": endpoint},
	}))
	require.NoError(t, err)
	require.NoError(t, l.start(t.Context(), componenttest.NewNopHost()))
	client, err := net.Dial("tcp", endpoint)
	require.NoError(t, err)
	defer func() { _ = client.Close() }()
	_, err = client.Write([]byte("GET /config HTTP/1.1\r\nHost: x\r\n")) // and never the end of it
	require.NoError(t, err)
	status, _ := read(t, "http://"+endpoint+"/config") // the server has accepted the one before
	assert.Equal(t, http.StatusOK, status)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, l.shutdown(over), context.Canceled)
	_, err = net.Dial("tcp", endpoint)
	require.Error(t, err)
}

// TestASignalThatIsDisabledAndADryRunAreShown beside the rates, which do not say so.
func TestASignalThatIsDisabledAndADryRunAreShown(t *testing.T) {
	_, at := startInspected(t, map[string]any{
		"dry_run": true, "tracing": map[string]any{"enabled": false}, "metrics": map[string]any{"enabled": false},
	})
	n := readJSON[inspect.Namespaces](t, at+"/namespaces")
	assert.True(t, n.DryRun)
	assert.Equal(t, inspect.Enabled{}, n.Enabled)
	e := readJSON[inspect.Explanation](t, at+"/explain?trace_id="+highID.String())
	assert.True(t, e.DryRun)
	assert.Equal(t, "tracing::enabled", e.Disabled)
	assert.Equal(t, new("dropped"), e.Decision, "though its rate is 1")
	e = readJSON[inspect.Explanation](t, at+"/explain?signal=metrics")
	assert.Equal(t, "metrics::enabled", e.Disabled)
	assert.Nil(t, e.Decision)
}

// TestLongNamesAreShownWithTheirOwnRate, though they are shown cut.
func TestLongNamesAreShownWithTheirOwnRate(t *testing.T) {
	long := strings.Repeat("n", 300)
	h, at := startInspected(t, map[string]any{"namespaces": map[string]any{"*-end": 0.5, long + "-configured": 0.25}})
	h.consumeTraces(tracesOf(t, span{attributes: map[string]any{"namespace": long + "-end"}},
		span{attributes: map[string]any{"namespace": long + "-end2"}}, span{attributes: map[string]any{"namespace": long[:128]}}))
	rates := map[float64]int64{}
	for _, row := range readJSON[inspect.Namespaces](t, at+"/namespaces").Namespaces {
		assert.Equal(t, long[:128], row.Name)
		assert.True(t, row.Cut)
		rates[row.Traces.SampleRate] = row.Traces.Kept + row.Traces.Dropped
	}
	assert.Equal(t, map[float64]int64{0.5: 3, 0.25: 0}, rates)
}

// TestNamespacesThatAreCalledLikeNoneOrOther are told apart from those that are none, or others.
func TestNamespacesThatAreCalledLikeNoneOrOther(t *testing.T) {
	h, at := startInspected(t, map[string]any{"namespaces": map[string]any{"_other": 1}})
	h.consumeTraces(tracesOf(t, span{}, span{attributes: map[string]any{"namespace": "_none"}}, span{attributes: map[string]any{"namespace": "_other"}}))
	assert.Equal(t, map[string]int64{"kept _none global": 1, "kept _other global": 1, "kept _other exact": 1}, h.counts("spans"))
	n := readJSON[inspect.Namespaces](t, at+"/namespaces")
	rows := rowsByName(n)
	assert.EqualValues(t, 1, n.None.Traces.Kept)
	assert.Zero(t, n.Other.Traces.Kept)
	assert.EqualValues(t, 1, rows["_none"].Traces.Kept)
	assert.EqualValues(t, 1, rows["_other"].Traces.Kept)
}

// TestWhatNamesMatchIsLookedUpOnce while the same tables are in force.
func TestWhatNamesMatchIsLookedUpOnce(t *testing.T) {
	r, _ := newTestRates(t, func(cfg *Config) { cfg.SampleRate = 0.1 })
	var l lookups
	in := r.inForce()
	first := l.all(in, []string{"payments", "orders"})
	assert.Same(t, in.spans.Global(), first[0].spans)
	assert.Same(t, in.points.Global(), first[1].points)
	l.matches["orders"] = matchPair{spans: &rate.Match{Pattern: "remembered"}}
	assert.Equal(t, "remembered", l.all(in, []string{"orders"})[0].spans.Pattern)
	assert.Len(t, l.matches, 1, "what is not asked for any more is forgotten")
	r.setRuntime([]override{runtimeOverride(signalAll, "orders", 1, time.Time{})})
	assert.InDelta(t, 1, l.all(r.inForce(), []string{"orders"})[0].spans.Probability, 0)
}
