// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/recent"
)

func TestAnswersHaveTheShapeOfTheContract(t *testing.T) {
	source := &fixed{}
	source.config.Common.Telemetry = Telemetry{
		Enabled: true,
		Tracing: Tracing{Enabled: true, Namespaces: Rates{"payments": new(1.0)}},
		Metrics: Metrics{Enabled: true, Detailed: Detailed{SampleRate: 0.1}, Namespaces: Rates{"rust_*": new(0.5)}},
		Logs:    Logs{SampleRate: 0.2, Namespaces: Rates{"audit": new(1.0)}, AlwaysKeep: []string{"true"}},
	}
	yes, at := true, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	source.config.Collector = Collector{Component: "namespace_sampler/a", Service: "otelcol", Version: "1", StartedAt: at, CountingSince: at}
	source.namespaces = Namespaces{
		Namespaces: []Row{{
			Name: "payments", Registered: &yes, LastSeen: &at,
			Signals: Signals{
				Traces: Signal{
					Rate{SampleRate: 1, Rule: "pattern", Pattern: "pay*", Source: "shared_override", ExpiresAt: &at},
					Counts{3, 4},
					&recent.PerSecond{Kept: 0.5, Dropped: 1},
				},
				Metrics: Signal{Rate: Rate{SampleRate: 0.1, Rule: "global", Source: "signal_global"}},
				Logs: Signal{
					Rate{SampleRate: 0.5, Rule: "exact", Source: "signal_override", Budget: &Budget{ItemsPerSecond: 0.5, Shared: true, Halvings: 3}},
					Counts{5, 6},
					nil,
				},
			},
		}},
		None: None{Signals: Signals{
			Traces:  Signal{Rate{Rule: "global", Source: "global"}, Counts{0, 2}, nil},
			Metrics: Signal{Rate: Rate{SampleRate: 1, Rule: "exact", Source: "shared_override"}},
			Logs:    Signal{Rate: Rate{Rule: "global", Source: "global"}},
		}},
		Other: Sums{Logs: Sum{Counts: Counts{7, 8}}},
		Overrides: []Override{
			{Key: "fixed", Signal: "all", SampleRate: new(0.0), Source: "shared_override"},
			{
				Key: "web-*\xff", Signal: "logs", ItemsPerSecond: 0.5, Source: "signal_override", ExpiresAt: &at,
				Superseded: []string{"logs"}, Unmatched: true, DidYouMean: "web",
			},
		},
		Changes: []Change{{
			At: at, Change: "added", Key: "fixed", Signal: "traces", Source: "runtime_override",
			From: map[string]Effective{"traces": {SampleRate: new(0.1)}}, To: map[string]Effective{"traces": {ItemsPerSecond: 200}}, Reason: "incident",
		}},
		Collector: Collector{
			Component: "namespace_sampler/a", Service: "otelcol", Version: "1", InstanceID: "id", Host: "h", StartedAt: at, CountingSince: at, Reloaded: true,
		},
		Sampling: Sampling{Sampler: "parent_based", Mode: "equalizing", Attributes: []string{"namespace"}, OnFailure: new("keep")},
		Now: Now{Seconds: 10, IntervalSeconds: 2, Traces: NowSignal{
			PerSecond: recent.PerSecond{Kept: 1, Dropped: 2}, History: recent.Line{Kept: []float64{1}, Dropped: []float64{2}},
		}},
		State: State{
			Lookups:          []LookupState{{Attribute: "task_uuid", RefusedSince: &at, Error: new("no")}, {Attribute: "step_uuid"}},
			RuntimeOverrides: &RuntimeOverrides{Table: `"t"`, Rejected: 1, RejectedRows: []RejectedRow{{"a", "all", "no", "b"}}},
			Postgres:         &PostgresState{Reachable: new(false), Since: &at, UnavailableKeys: 9},
		},
		Budgets: []BudgetHistory{{
			Signal: "logs", Key: "web-*\xff", ItemsPerSecond: 0.5, Arrived: []float64{1, 2.5}, Kept: []float64{1, 0}, Guarded: true, Namespaces: 2,
		}},
		Registry: &Registry{ReadAt: &at},
		Problems: []Problem{{
			Kind: "no_randomness", Count: 2, PerSecond: 0.5, Consequence: "why", Setting: "sample_rate", Documentation: "docs",
		}},
	}
	server := start(t, NewHandler(source))

	config := get[map[string]any](t, server, "/config", http.StatusOK)
	telemetry := config["common"].(map[string]any)["telemetry"].(map[string]any)
	assert.Equal(t, true, telemetry["enabled"])
	assert.Contains(t, telemetry, "tracing")
	assert.Contains(t, telemetry, "spans")
	metrics := telemetry["metrics"].(map[string]any)
	assert.Equal(t, true, metrics["enabled"])
	assert.InDelta(t, 0.1, metrics["detailed"].(map[string]any)["sample_rate"], 0)
	assert.Equal(t, false, metrics["detailed"].(map[string]any)["enabled"])
	assert.Equal(t, map[string]any{"rust_*": 0.5}, metrics["namespaces"])
	assert.Equal(t, map[string]any{
		"enabled": false, "sample_rate": 0.2, "budget": nil, "namespaces": map[string]any{"audit": 1.0}, "always_keep": []any{"true"},
	}, telemetry["logs"])
	assert.Equal(t, map[string]any{
		"component": "namespace_sampler/a", "service": "otelcol", "version": "1", "instance_id": "", "host": "",
		"started_at": "2026-12-01T00:00:00Z", "counting_since": "2026-12-01T00:00:00Z", "reloaded": false,
	}, config["collector"])

	body := ask(t, server, http.MethodGet, "/namespaces").body
	assert.JSONEq(t, `{
		"namespaces": [{
			"name": "payments", "registered": true, "configured": false, "last_seen": "2026-12-01T00:00:00Z",
			"traces": {"sample_rate": 1, "rule": "pattern", "pattern": "pay*", "source": "shared_override",
				"expires_at": "2026-12-01T00:00:00Z", "kept": 3, "dropped": 4, "recent": {"kept": 0.5, "dropped": 1}},
			"metrics": {"sample_rate": 0.1, "rule": "global", "source": "signal_global", "expires_at": null, "kept": 0, "dropped": 0},
			"logs": {"sample_rate": 0.5, "rule": "exact", "source": "signal_override", "expires_at": null, "kept": 5, "dropped": 6,
				"budget": {"items_per_second": 0.5, "arrived_per_second": null, "shared": true, "since": null, "halvings": 3}}
		}],
		"overrides": [
			{"key": "fixed", "signal": "all", "sample_rate": 0, "source": "shared_override", "expires_at": null},
			{"key": "web-*�", "signal": "logs", "sample_rate": null, "items_per_second": 0.5, "source": "signal_override",
				"expires_at": "2026-12-01T00:00:00Z", "superseded": ["logs"], "unmatched": true, "did_you_mean": "web"}
		],
		"changes": [{
			"at": "2026-12-01T00:00:00Z", "change": "added", "key": "fixed", "signal": "traces", "source": "runtime_override",
			"from": {"traces": {"sample_rate": 0.1}}, "to": {"traces": {"sample_rate": null, "items_per_second": 200}},
			"expires_at": null, "reason": "incident"
		}],
		"collector": {
			"component": "namespace_sampler/a", "service": "otelcol", "version": "1", "instance_id": "id", "host": "h",
			"started_at": "2026-12-01T00:00:00Z", "counting_since": "2026-12-01T00:00:00Z", "reloaded": true
		},
		"sampling": {"sampler": "parent_based", "mode": "equalizing", "attributes": ["namespace"], "lookups": [], "on_failure": "keep"},
		"global": {
			"traces": {"sample_rate": 0, "rule": "", "source": "", "expires_at": null},
			"metrics": {"sample_rate": 0, "rule": "", "source": "", "expires_at": null},
			"logs": {"sample_rate": 0, "rule": "", "source": "", "expires_at": null}
		},
		"now": {
			"seconds": 10, "interval_seconds": 2,
			"traces": {"kept": 1, "dropped": 2, "history": {"kept": [1], "dropped": [2]}},
			"metrics": {"kept": 0, "dropped": 0, "history": {"kept": [], "dropped": []}},
			"logs": {"kept": 0, "dropped": 0, "history": {"kept": [], "dropped": []}}
		},
		"budgets": [{
			"signal": "logs", "key": "web-*�", "shared": false, "items_per_second": 0.5, "arrived": [1, 2.5], "kept": [1, 0],
			"guarded": true, "namespaces": 2
		}],
		"dry_run": false, "enabled": {"traces": false, "metrics": false, "logs": false},
		"none": {
			"last_seen": null,
			"traces": {"sample_rate": 0, "rule": "global", "source": "global", "expires_at": null, "kept": 0, "dropped": 2},
			"metrics": {"sample_rate": 1, "rule": "exact", "source": "shared_override", "expires_at": null, "kept": 0, "dropped": 0},
			"logs": {"sample_rate": 0, "rule": "global", "source": "global", "expires_at": null, "kept": 0, "dropped": 0}
		},
		"other": {
			"last_seen": null, "traces": {"kept": 0, "dropped": 0}, "metrics": {"kept": 0, "dropped": 0}, "logs": {"kept": 7, "dropped": 8}
		},
		"registry": {"read_at": "2026-12-01T00:00:00Z", "error": null},
		"state": {
			"postgres": {"reachable": false, "since": "2026-12-01T00:00:00Z", "unavailable_keys": 9}, "cache": null, "breaker": null, "hold": null,
			"remainder": null, "fleet": null,
			"runtime_overrides": {"table": "\"t\"", "read_at": null, "error": null, "rejected": 1,
				"rejected_rows": [{"namespace": "a", "signal": "all", "error": "no", "did_you_mean": "b"}]},
			"lookups": [
				{"attribute": "task_uuid", "refused_since": "2026-12-01T00:00:00Z", "error": "no"},
				{"attribute": "step_uuid", "refused_since": null, "error": null}
			]
		},
		"problems": [{"kind": "no_randomness", "since": null, "count": 2, "per_second": 0.5, "consequence": "why", "setting": "sample_rate", "documentation": "docs"}]
	}`, body)
}

// TestClientsThatWaitForASlowAnswerGetIt: however long it takes, those who asked meanwhile have it rendered no second time.
func TestClientsThatWaitForASlowAnswerGetIt(t *testing.T) {
	now, renders := time.Now(), 0
	s := newThrottle(func() time.Time { return now }, func(context.Context) (*document, error) {
		renders++
		now = now.Add(5 * freshFor)
		return nil, nil
	})
	for range 100 { // they come as soon as the first is through
		_, err := s.get(t.Context())
		require.NoError(t, err)
	}
	assert.Equal(t, 1, renders)
	now = now.Add(freshFor)
	_, err := s.get(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2, renders)
}

func TestAnAnswerWhoseClientHasGoneIsRenderedForTheNextOne(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	s := newThrottle(time.Now, func(ctx context.Context) (*document, error) {
		leave()
		return newDocument([]byte("answer")), ctx.Err()
	})
	_, err := s.get(gone)
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.get(gone)
	require.ErrorIs(t, err, context.Canceled)
	body, err := s.get(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "answer", string(body.plain))
}

// Clients that never read 10,000 overrides would each hold an answer of their own.
func TestTheConfigurationIsRenderedOnceUntilItChanges(t *testing.T) {
	source := &fixed{version: 1}
	source.config.Common.Telemetry.Enabled = true
	h := NewHandler(source)
	first, err := h.config.get(source.ConfigVersion(), h.renderConfig)
	require.NoError(t, err)
	second, err := h.config.get(source.ConfigVersion(), h.renderConfig)
	require.NoError(t, err)
	assert.Same(t, first, second)

	server := start(t, h)
	source.config.Common.Telemetry.DryRun = true
	assert.Contains(t, ask(t, server, http.MethodGet, "/config").body, `"dry_run":false`)
	source.version++
	assert.Contains(t, ask(t, server, http.MethodGet, "/config").body, `"dry_run":true`)
}

func TestNothingIsAnEmptyListNotNull(t *testing.T) {
	server := start(t, NewHandler(&fixed{}))
	assert.Contains(t, ask(t, server, http.MethodGet, "/namespaces").body, `"namespaces":[]`)
	assert.Contains(t, ask(t, server, http.MethodGet, "/config").body, `"namespaces":{}`)
}

func TestOnlyGetAndHeadAreAllowed(t *testing.T) {
	server := start(t, NewHandler(&fixed{}))
	for _, path := range []string{"/", "/config", "/namespaces", "/explain"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"} {
			a := ask(t, server, method, path)
			assert.Equal(t, http.StatusMethodNotAllowed, a.status, "%s %s", method, path)
			assert.Equal(t, "GET, HEAD", a.header.Get("Allow"))
			assert.JSONEq(t, `{"error":"method not allowed; use GET or HEAD"}`, a.body)
		}
		got, head := ask(t, server, http.MethodGet, path), ask(t, server, http.MethodHead, path)
		assert.Equal(t, http.StatusOK, head.status)
		assert.Empty(t, head.body)
		got.header.Del("Date")
		head.header.Del("Date")
		assert.Equal(t, got.header, head.header, "%s: HEAD says what GET would", path)
	}
}

func TestUnknownPathsAreAnsweredWithJSON(t *testing.T) {
	server := start(t, NewHandler(&fixed{}))
	for _, path := range []string{"/confi", "/config/", "//config", "/namespaces/payments", "/../etc/passwd", "/debug/pprof/"} {
		f := get[failure](t, server, path, http.StatusNotFound)
		assert.Contains(t, f.Error, "/explain", path)
	}
}

func TestEveryAnswerHasSecurityHeaders(t *testing.T) {
	server := start(t, NewHandler(&fixed{}))
	for _, path := range []string{"/", "/config", "/namespaces", "/explain", "/explain?x=1", "/nowhere"} {
		header := ask(t, server, http.MethodGet, path).header
		assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		assert.Equal(t, "no-store", header.Get("Cache-Control"), path)
		assert.Equal(t, "no-referrer", header.Get("Referrer-Policy"), path)
		policy := header.Get("Content-Security-Policy")
		assert.Contains(t, policy, "default-src 'none'", path)
		assert.Contains(t, policy, "frame-ancestors 'none'", path)
		assert.NotContains(t, policy, "unsafe", path)
		assert.NotContains(t, policy, "http", path)
	}
}

func TestFailuresBeforeTheHandlerRevealOnlyTheirStatus(t *testing.T) {
	w := httptest.NewRecorder()
	Failure(w, nil, "no user mallory with password hunter2", http.StatusUnauthorized)
	assert.Equal(t, http.StatusUnauthorized, w.Code)
	assert.JSONEq(t, `{"error":"unauthorized"}`, w.Body.String())
}

func TestNamespacesAreRenderedOnceASecondForAll(t *testing.T) {
	var (
		mu   sync.Mutex
		now  = time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)
		tick = func(d time.Duration) { mu.Lock(); now = now.Add(d); mu.Unlock() }
	)
	source := &fixed{namespaces: Namespaces{Namespaces: manyNamespaces(2000)}}
	server := start(t, newHandler(source, func() time.Time { mu.Lock(); defer mu.Unlock(); return now }))

	const seconds, perSecond = 3, 200
	for range seconds {
		var requests sync.WaitGroup
		for range 20 {
			requests.Go(func() {
				for range perSecond / 20 {
					a := ask(t, server, http.MethodGet, "/namespaces")
					assert.Equal(t, http.StatusOK, a.status)
					assert.True(t, strings.HasSuffix(a.body, "}\n"))
				}
			})
		}
		requests.Wait()
		tick(time.Second)
	}
	assert.EqualValues(t, seconds, source.renders.Load())
	tick(-time.Hour)
	ask(t, server, http.MethodGet, "/namespaces")
	assert.EqualValues(t, seconds+1, source.renders.Load(), "a clock that is set back does not freeze the answer")
}

// hostile are names that would do harm where they are not taken for text.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</script><script>alert(1)`, `'; DROP TABLE x; --`, "{{.}}", "${x}",
	"a\u202Eb\u2066c\u2069", "\u200B", "line\nbreak\ttab\x00nul", "\u2028\u2029", "a\xff\xfe", "../../etc/passwd", "__proto__", "constructor",
	strings.Repeat("x", 64<<10), strings.Repeat("é", 64<<10),
}

func TestHostileNamesAreText(t *testing.T) {
	source := &fixed{}
	rates := Rates{}
	for _, name := range hostile {
		pattern := Signal{Rate: Rate{Pattern: name}}
		source.namespaces.Namespaces = append(source.namespaces.Namespaces, Row{Name: name, Signals: Signals{pattern, pattern, pattern}})
		source.namespaces.Budgets = append(source.namespaces.Budgets, BudgetHistory{Key: name})
		rates[name] = new(1.0)
	}
	telemetry := &source.config.Common.Telemetry
	telemetry.Tracing.Namespaces, telemetry.Metrics.Namespaces, telemetry.Logs.Namespaces = rates, rates, rates
	server := start(t, NewHandler(source))
	for _, path := range []string{"/namespaces", "/config"} {
		a := ask(t, server, http.MethodGet, path)
		assert.Equal(t, http.StatusOK, a.status)
		assert.NotContains(t, a.body, "<", "nothing that a browser could take for markup")
		assert.NotContains(t, a.body, strings.Repeat("x", 129))
	}
	n := get[Namespaces](t, server, "/namespaces", http.StatusOK)
	require.Len(t, n.Namespaces, len(hostile))
	for i, row := range n.Namespaces {
		assert.LessOrEqual(t, len(row.Name), 128)
		if len(hostile[i]) < 100 {
			assert.Equal(t, strings.ToValidUTF8(hostile[i], "\uFFFD"), row.Name)
		}
	}
}
