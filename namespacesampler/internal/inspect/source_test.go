// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fixed is a source of fixed answers.
type fixed struct {
	config      Config
	version     int
	namespaces  Namespaces
	renders     atomic.Int64
	asked       Question
	explanation Explanation
}

func (f *fixed) Config() Config { return f.config }

func (f *fixed) ConfigVersion() any { return f.version }

func (f *fixed) Namespaces(context.Context) (Namespaces, error) {
	f.renders.Add(1)
	n := f.namespaces
	n.Namespaces = append([]Row(nil), n.Namespaces...)
	return n, nil
}

func (f *fixed) Explain(q Question) (Explanation, error) {
	f.asked = q
	return f.explanation, nil
}

// manyNamespaces returns rows in the order of their names.
func manyNamespaces(n int) []Row {
	seen := time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)
	rows := make([]Row, n)
	for i := range rows {
		known := i%7 != 0
		rows[i] = Row{
			Name: fmt.Sprintf("namespace_%05d", i), Registered: &known, Configured: i%5 == 0, LastSeen: &seen,
			Signals: Signals{
				Traces: Signal{
					Rate{SampleRate: 0.1, Rule: "global", Source: "global"}, Counts{Kept: int64(i), Dropped: int64(9 * i)}, nil,
				},
				Metrics: Signal{Rate: Rate{SampleRate: 0.5, Rule: "exact", Source: "signal_override"}},
				Logs:    Signal{Rate: Rate{SampleRate: 0.1, Rule: "global", Source: "global"}},
			},
		}
	}
	return rows
}

// start serves a handler over a socket, for requests of any host.
func start(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(&guard{next: h})
	t.Cleanup(server.Close)
	return server
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	closes bool // the connection
}

func ask(t testing.TB, server *httptest.Server, method, path string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
	require.NoError(t, err)
	request.Header.Set("Accept-Encoding", "identity") // else the client unpacks it, and hides its length
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{status: response.StatusCode, header: response.Header, body: string(body)}
}

// get reads a JSON answer of a status.
func get[T any](t testing.TB, server *httptest.Server, path string, status int) (out T) {
	t.Helper()
	a := ask(t, server, http.MethodGet, path)
	assert.Equal(t, status, a.status, "%s: %s", path, a.body)
	assert.Equal(t, jsonType, a.header.Get("Content-Type"))
	require.NoError(t, json.Unmarshal([]byte(a.body), &out), "%s: %s", path, a.body)
	return out
}

type failure struct {
	Error string `json:"error"`
}
