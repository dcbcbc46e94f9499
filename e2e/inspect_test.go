// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/e2e/internal/harness"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// plain is an inspect section with only an endpoint.
const plain = "# and nothing else"

var inspector = http.Client{Transport: &http.Transport{
	DisableKeepAlives: true,
	TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
}}

// inspect sends a request to a collector's inspect server; set, if not nil, changes the request.
func inspect(t testing.TB, collector *harness.Collector, path string, set func(*http.Request)) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+collector.Inspect()+path, nil)
	require.NoError(t, err)
	if set != nil {
		set(request)
	}
	response, err := inspector.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	all, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(all)
}

// Commands from Tasker's documentation.
const (
	showTelemetry = `curl http://localhost:8080/config | jq '.common.telemetry'`
	showNames     = `curl -s http://localhost:8080/config | jq '.common.telemetry.metrics.namespaces | keys[]'`
	showDatabase  = `psql $DATABASE_URL -c "SELECT name FROM tasker_task_namespaces;"`
)

// shell returns a function that runs commands as a user would. Their curl reaches the collector at the address that Tasker listens on.
func shell(t *testing.T, collector *harness.Collector, dsn string) func(command string) string {
	t.Helper()
	home := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(home, ".curlrc"),
		fmt.Appendf(nil, "connect-to = \"localhost:8080:%s\"\n", collector.Inspect()), 0o600))
	return func(command string) string {
		t.Helper()
		cmd := exec.Command("bash", "-c", "set -o pipefail; "+command)
		cmd.Env = append(os.Environ(), "CURL_HOME="+home, "DATABASE_URL="+dsn, "LC_ALL=C")
		cmd.Stderr = t.Output()
		out, err := cmd.Output()
		require.NoError(t, err, command)
		return string(out)
	}
}

func TestCommandsFromTaskersDocumentationWork(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t, sharedCluster(t), taskerdb.LayoutLegacy, newTask("payments"), newTask("inventory"))
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Expect: []string{"an override names no registered"}, Processor: fmt.Sprintf(`
sample_rate: 1.0
tracing: {sample_rate: 0.1}
metrics:
  detailed: {enabled: false}
  namespaces: {payments: 1.0, orders: 0.5}
postgres: {dsn: %q, layout: tasker_legacy}
`, dsn)})
	run := shell(t, collector, dsn)

	var telemetry struct {
		Enabled bool
		Tracing struct {
			Enabled    bool
			SampleRate float64 `json:"sample_rate"`
		}
		Metrics struct {
			Enabled  bool
			Detailed struct {
				Enabled    bool
				SampleRate float64 `json:"sample_rate"`
			}
			Namespaces map[string]float64
		}
		Spans struct{ Internal struct{ Enabled bool } }
	}
	require.NoError(t, json.Unmarshal([]byte(run(showTelemetry)), &telemetry))
	assert.True(t, telemetry.Enabled)
	assert.InDelta(t, 0.1, telemetry.Tracing.SampleRate, 0)
	assert.True(t, telemetry.Metrics.Enabled)
	assert.False(t, telemetry.Metrics.Detailed.Enabled)
	assert.InDelta(t, 1, telemetry.Metrics.Detailed.SampleRate, 0)
	assert.Equal(t, map[string]float64{"payments": 1, "orders": 0.5}, telemetry.Metrics.Namespaces)

	assert.Equal(t, "\"orders\"\n\"payments\"\n", run(showNames))
	assert.Contains(t, run(showDatabase), "inventory")
	difference := run(`diff <(` + strings.Replace(showDatabase, "-c", "-At -c", 1) + ` | sort) <(` +
		strings.Replace(showNames, "jq ", "jq -r ", 1) + ` | sort) || test $? = 1`)
	assert.Equal(t, "1c1\n< inventory\n---\n> orders\n", difference,
		"inventory is registered without an override; orders has an override and is not registered")
}

// TestExplanationsAgreeWithDecisions asks for an explanation of 10,000 decisions.
func TestExplanationsAgreeWithDecisions(t *testing.T) {
	t.Parallel()
	sink := harness.NewSink(t)
	collector := harness.Start(t, harness.Options{Sink: sink, Inspect: plain, Processor: `
sample_rate: 0.25
namespaces: {payments: 1, orders: 0.5, silent: 0, "rust_*": 0.1}
`})
	client := harness.NewClient(t, collector)
	r := random()
	names := []string{"payments", "orders", "silent", "rust_e2e", "stranger", ""}
	states := []string{"", "", "ot=th:c", "ot=rv:ffffffffffffff", "ot=rv:0123456789abcd;th:0", "x=y", "not a state"}
	spans := make([]span, 10_000)
	for i := range spans {
		attributes := attrs{}
		if name := names[r.IntN(len(names))]; name != "" {
			attributes["namespace"] = name
		}
		spans[i] = newSpan(randomTrace(r), states[r.IntN(len(states))], attributes)
	}
	for first := 0; first < len(spans); first += 500 {
		client.Traces(traces(t, nil, nil, spans[first:first+500]...))
	}
	kept := outcomesOf(sink.Spans())
	assert.NotEmpty(t, kept)

	connected := http.Client{}
	defer connected.CloseIdleConnections()
	decisions := map[string]int{}
	for i, s := range spans {
		query := url.Values{"trace_id": {s.trace.String()}, "tracestate": {s.state}}
		if name, ok := s.attributes["namespace"]; ok {
			query.Set("namespace", name.(string))
		}
		response, err := connected.Get("http://" + collector.Inspect() + "/explain?" + query.Encode())
		require.NoError(t, err)
		var e struct{ Decision, Source string }
		require.NoError(t, json.NewDecoder(response.Body).Decode(&e))
		require.NoError(t, response.Body.Close())
		want := "dropped"
		if _, ok := kept[s.id]; ok {
			want = "kept"
		}
		require.Equal(t, want, e.Decision, "span %d: %+v: %+v", i, s, e)
		decisions[e.Source+" "+e.Decision]++
	}
	t.Log(decisions)
	assert.Positive(t, decisions["trace kept"])
	assert.Positive(t, decisions["trace dropped"])
	assert.Positive(t, decisions["global kept"], "the trace of a span without a namespace is not remembered")
}

// Without credentials, requests are refused. With credentials, the answers contain neither the passwords nor the private key.
func TestCredentialsAreRequiredAndSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-planted"
	certificate, key := selfSigned(t)
	collector := harness.Start(t, harness.Options{
		Sink: harness.NewSink(t),
		Inspect: fmt.Sprintf("auth: {authenticator: basicauth}\n  tls: {cert_pem: %q, key_pem: %q}\n"+
			`  response_headers: {WWW-Authenticate: 'Basic realm="collector"'}`, certificate, key),
		Extensions: map[string]string{"basicauth": `{htpasswd: {inline: "tasker:` + secret + `"}}`},
		Processor: `
namespaces: {payments: 1}
postgres: {dsn: "postgres://tasker:` + secret + `@localhost:1/tasker?application_name=` + secret + `"}
`, Expect: []string{cannotAsk, breakerOpens, "cannot be read"},
	})
	secrets := []string{secret, strings.Split(key, "\n")[1]}
	as := func(user, password string) func(*http.Request) {
		return func(r *http.Request) {
			r.URL.Scheme = "https"
			if user != "" {
				r.SetBasicAuth(user, password)
			}
		}
	}
	right := as("tasker", secret)
	client := harness.NewClient(t, collector)
	client.Traces(traces(t, nil, nil, newSpan(randomTrace(random()), "", attrs{"task_uuid": taskerdb.NewUUID(time.Now())})))
	var seen strings.Builder
	for _, path := range []string{"/", "/config", "/namespaces", "/explain", "/nowhere", "/explain?" + url.QueryEscape("a;b")} {
		for _, set := range []func(*http.Request){as("", ""), as("tasker", "wrong"), as("nobody", secret)} {
			status, body := inspect(t, collector, path, set)
			assert.Equal(t, http.StatusUnauthorized, status, path)
			assert.JSONEq(t, `{"error":"unauthorized"}`, body)
		}
		status, body := inspect(t, collector, path, right)
		assert.NotEqual(t, http.StatusUnauthorized, status)
		seen.WriteString(body)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+collector.Inspect(), nil)
	require.NoError(t, err)
	response, err := inspector.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, `Basic realm="collector"`, response.Header.Get("WWW-Authenticate"), "browsers prompt for the password")

	assert.Contains(t, seen.String(), `"reachable":false`)
	seen.WriteString(collector.Log().String())
	for _, metric := range collector.Scrape() {
		seen.WriteString(metric.String())
	}
	for _, s := range secrets {
		assert.NotContains(t, seen.String(), s)
	}
}

// selfSigned returns a certificate and its key.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	require.NoError(t, err)
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(crand.Reader, &template, &template, &private.PublicKey, private)
	require.NoError(t, err)
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

func TestHostileNamespacesAreEscapedInJSON(t *testing.T) {
	t.Parallel()
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: "sample_rate: 1"})
	client := harness.NewClient(t, collector)
	for _, name := range hostileNames {
		client.Traces(traces(t, nil, nil, newSpan(randomTrace(random()), "", attrs{"namespace": name})))
	}
	_, body := inspect(t, collector, "/namespaces", nil)
	assert.NotContains(t, body, "<")
	assert.True(t, json.Valid([]byte(body)))
	assert.Less(t, len(body), 64<<10)
}

// hostileNames do harm if they are not treated as text.
var hostileNames = []string{
	`<script>document.title="harmed"</script>`, `"><img src=x onerror='document.title="harmed"'>`, `</script><script>document.title="harmed"`,
	"{{.}}", "a\u202Ereversed\u2066c", "\u200B", "line\nbreak\ttab\x00nul", "\u2028\u2029", "__proto__", "constructor", "toString",
	strings.Repeat("x", 64<<10), strings.Repeat("é", 64<<10),
}

// thousands sends spans of n namespaces.
func thousands(t testing.TB, client *harness.Client, r *rand.Rand, n int) {
	t.Helper()
	var spans []span
	for i := range n {
		for range 1 + i%7 {
			spans = append(spans, newSpan(randomTrace(r), "", attrs{"namespace": fmt.Sprintf("domain_%04d", i)}))
		}
	}
	client.Traces(traces(t, nil, nil, spans...))
}

// TestManyClientsAreServed sends 200 requests a second and prints what they cost. The unit tests of the inspect server show that
// the answer is rendered at most once a second.
func TestManyClientsAreServed(t *testing.T) {
	seconds := 20
	if os.Getenv("SOAK") == "" {
		t.Parallel() // the printed costs matter in the long form only
		seconds = 1
	}
	collector := harness.Start(t, harness.Options{Sink: harness.NewSink(t), Inspect: plain, Processor: "sample_rate: 0.5"})
	thousands(t, harness.NewClient(t, collector), random(), 2000)
	cpu := func() float64 { return collector.Scrape().Sum("otelcol_process_cpu_seconds", nil) }

	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 20}}
	defer client.CloseIdleConnections()
	var (
		requests sync.WaitGroup
		size     atomic.Int64
		tick     = time.NewTicker(time.Second / 200)
		before   = cpu()
		began    = time.Now()
	)
	defer tick.Stop()
	for range 200 * seconds {
		<-tick.C
		requests.Go(func() {
			response, err := client.Get("http://" + collector.Inspect() + "/namespaces")
			if !assert.NoError(t, err) {
				return
			}
			defer func() { _ = response.Body.Close() }()
			n, err := io.Copy(io.Discard, response.Body)
			assert.NoError(t, err)
			assert.Equal(t, http.StatusOK, response.StatusCode)
			size.Store(n)
		})
	}
	requests.Wait()
	took := time.Since(began)
	t.Logf("%d requests in %v, %d bytes each: %.1f %% of a CPU", 200*seconds, took.Round(time.Millisecond), size.Load(), 100*(cpu()-before)/took.Seconds())
}
