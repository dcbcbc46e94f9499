// SPDX-License-Identifier: Apache-2.0

package samplertest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest/observer"
)

// StartInspected starts the processor with settings and an inspect server on a free port, and returns the URL of the server.
func StartInspected(t testing.TB, settings map[string]any) (s *Sampler, url string) {
	t.Helper()
	settings = maps.Clone(settings)
	settings["inspect"] = map[string]any{"endpoint": "127.0.0.1:0"}
	s = Start(t, settings)
	return s, "http://" + s.InspectAddress()
}

// InspectAddress returns the address that the inspect server listens on, as it is logged.
func (s *Sampler) InspectAddress() string {
	s.t.Helper()
	return LoggedAddress(s.t, s.Logs)
}

// LoggedAddress returns the address of the inspect server in a log.
func LoggedAddress(t testing.TB, logs *observer.ObservedLogs) string {
	t.Helper()
	for _, entry := range logs.All() {
		if address, ok := entry.ContextMap()["address"].(string); ok {
			return address
		}
	}
	require.Fail(t, "the inspect server has not logged its address")
	return ""
}

// Get reads a URL.
func Get(t testing.TB, url string) (status int, body string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	all, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(all)
}

// GetJSON reads a URL that answers with JSON.
func GetJSON[T any](t testing.TB, url string) (out T) {
	t.Helper()
	status, body := Get(t, url)
	require.Equal(t, http.StatusOK, status, body)
	require.NoError(t, json.Unmarshal([]byte(body), &out), body)
	return out
}
