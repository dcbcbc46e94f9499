// SPDX-License-Identifier: Apache-2.0

package run

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// live is a live run with a collector.
func live(collector string, out, log io.Writer) *Live {
	return &Live{
		Collector: collector, Config: "../../../../testdata/demo-live.yaml", Overrides: "../../../../testdata/overrides.sql",
		ItemsPerSecond: 1500, Tasks: 3000, Seed: 1, Out: out, Log: log,
	}
}

// builtCollector returns the path of the collector that make build has built.
func builtCollector(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(cmp.Or(os.Getenv("OTELCOL"), "../../../../bin/otelcol-tasker"))
	require.NoError(t, err)
	_, err = os.Stat(path)
	require.NoError(t, err, "no collector: make build, or set OTELCOL")
	return path
}

// temporaryFolder returns the folder that temporary folders are made in during the test.
func temporaryFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "live-") //nolint:usetesting // Postgres runs as another user and cannot enter t.TempDir
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755), "Postgres runs as another user")
	t.Setenv("TMPDIR", dir)
	return dir
}

func assertNoFolderIsLeft(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left, "no folder is left")
}

func assertNobodyListens(t *testing.T, address string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if !assert.Error(t, err, "something still listens at "+address) {
		_ = conn.Close()
	}
}

// printed is what a live run prints, as far as one pastes it.
type printed struct {
	page, log, dsn string
	statements     []string
}

func parse(t *testing.T, text string) (p printed) {
	t.Helper()
	p.log = regexp.MustCompile(`/[^ ]*collector\.log`).FindString(text)
	p.page = regexp.MustCompile(`http://[^ \n]+`).FindString(text)
	match := regexp.MustCompile(`psql '(postgres://[^']+)'`).FindStringSubmatch(text)
	require.NotNil(t, match, text)
	p.dsn = match[1]
	for _, block := range strings.Split(text, "\n\n") {
		if strings.HasPrefix(block, "-- ") {
			p.statements = append(p.statements, block)
		}
	}
	return p
}

// logs reports whether the collector has logged the words.
func (p *printed) logs(t *testing.T, words string) bool {
	t.Helper()
	text, err := os.ReadFile(p.log)
	require.NoError(t, err)
	return strings.Contains(string(text), words)
}

// namespacesDocument is the part of /namespaces that statements change.
type namespacesDocument struct {
	Namespaces []struct {
		Name   string
		Traces struct {
			SampleRate    float64 `json:"sample_rate"`
			Source        string
			Budget        *struct{}
			Kept, Dropped int
		}
		Metrics, Logs struct{ Kept, Dropped int }
	}
	Overrides []struct {
		Key       string
		Reason    string
		UpdatedBy string     `json:"updated_by"`
		ExpiresAt *time.Time `json:"expires_at"`
	}
	None     struct{ Metrics struct{ Kept, Dropped int } }
	Problems []struct{ Kind string }
	State    struct {
		RuntimeOverrides struct {
			RejectedRows []struct{ Namespace string } `json:"rejected_rows"`
		} `json:"runtime_overrides"`
	}
}

func (d *namespacesDocument) rate(name string) float64 {
	for _, n := range d.Namespaces {
		if n.Name == name {
			return n.Traces.SampleRate
		}
	}
	return -1
}

// override returns reason and author of an override, and whether it ends.
func (d *namespacesDocument) override(key string) string {
	for _, o := range d.Overrides {
		if o.Key == key && o.Reason != "" {
			return fmt.Sprintf("%s by %s, ends: %t", o.Reason, o.UpdatedBy, o.ExpiresAt != nil)
		}
	}
	return ""
}

// has reports whether there is a problem of a kind.
func (d *namespacesDocument) has(kind string) bool {
	return slices.ContainsFunc(d.Problems, func(p struct{ Kind string }) bool { return p.Kind == kind })
}

func (d *namespacesDocument) withoutNamespace() int {
	return d.None.Metrics.Kept + d.None.Metrics.Dropped
}

// awaitNamespaces reads /namespaces until the condition holds.
func awaitNamespaces(t *testing.T, page, what string, holds func(*namespacesDocument) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		d, err := readNamespaces(ctx, page)
		require.NoError(t, err, what)
		if holds(d) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.Fail(t, "not within a minute: "+what, "%+v", d)
		}
	}
}

func readNamespaces(ctx context.Context, page string) (*namespacesDocument, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, page+"namespaces", http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Close = true // no connection is left to the collector
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var d namespacesDocument
	return &d, json.NewDecoder(response.Body).Decode(&d)
}

func TestWhatALiveRunPrintsDoesWhatItSays(t *testing.T) {
	collector := builtCollector(t)
	dir := temporaryFolder(t)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	explained := make(chan struct{})
	out, log := &trigger{word: "Ctrl-C", fire: onceClosed(explained)}, &trigger{word: "nothing is left", fire: func() {}}
	ended := make(chan error, 1)
	go func() { ended <- live(collector, out, log).Run(ctx) }()
	select {
	case <-explained:
	case err := <-ended:
		require.NoError(t, err, log.String())
		require.Fail(t, "it ended by itself", log.String())
	}
	p := parse(t, out.String())
	pasteAndWatch(t, p)

	interrupt()
	require.NoError(t, <-ended, log.String())
	assert.Contains(t, log.String(), "nothing is left")
	assertNoFolderIsLeft(t, dir)
	for _, text := range []string{p.page, p.dsn} {
		u, err := url.Parse(text)
		require.NoError(t, err)
		assertNobodyListens(t, u.Host)
	}
}

func onceClosed(c chan struct{}) func() {
	open := true
	return func() {
		if open {
			open = false
			close(c)
		}
	}
}

// pasteAndWatch executes the statements one after the other, and waits for the effect of each.
func pasteAndWatch(t *testing.T, p printed) {
	t.Helper()
	awaitNamespaces(t, p.page, "every namespace and signal is kept and dropped, and one has a budget", func(d *namespacesDocument) bool {
		withBudget := 0
		for _, n := range d.Namespaces {
			if n.Traces.Budget != nil {
				withBudget++
			}
			dropped := n.Traces.Dropped > 0 && n.Metrics.Dropped > 0 && n.Logs.Dropped > 0
			if n.Traces.Kept == 0 || n.Metrics.Kept == 0 || n.Logs.Kept == 0 || !dropped && n.Name != "payments" {
				return false
			}
		}
		return len(d.Namespaces) >= 10 && withBudget == 1
	})
	conn, err := pgx.Connect(t.Context(), p.dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()

	var before int
	effects := []struct {
		what  string
		holds func(*namespacesDocument) bool
	}{
		{"shipping at 100 %", func(d *namespacesDocument) bool {
			return d.rate("shipping") == 1 && d.override("shipping") == "incident 7 by alice, ends: true"
		}},
		{"a pattern", func(d *namespacesDocument) bool {
			return d.rate("identity") == 0.5 && d.rate("integrations") == 0.5 && d.rate("inventory") == 0.5 &&
				d.override("i*") == "a closer look by bob, ends: false"
		}},
		{"a row is skipped", func(d *namespacesDocument) bool {
			rows := d.State.RuntimeOverrides.RejectedRows
			return len(rows) == 1 && rows[0].Namespace == "reporting" && d.rate("reporting") == 0.1
		}},
		{"nothing is left of it", func(d *namespacesDocument) bool {
			before = d.withoutNamespace()
			return d.rate("shipping") == 0.1 && d.rate("inventory") == 0.1 && d.override("shipping") == "" &&
				len(d.State.RuntimeOverrides.RejectedRows) == 0
		}},
		{"lookups are refused", func(d *namespacesDocument) bool {
			return d.withoutNamespace() > before+500 && d.has("lookup_refused") && p.logs(t, "Postgres refuses the lookup")
		}},
		{"lookups work", func(d *namespacesDocument) bool {
			return !d.has("lookup_refused") && p.logs(t, "the lookup works again")
		}},
	}
	require.Len(t, p.statements, len(effects))
	for i, effect := range effects {
		_, err := conn.PgConn().Exec(t.Context(), p.statements[i]).ReadAll()
		require.NoError(t, err, p.statements[i])
		awaitNamespaces(t, p.page, effect.what, effect.holds)
	}
}
