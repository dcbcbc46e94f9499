// SPDX-License-Identifier: Apache-2.0

// Package inspect shows over HTTP what the processor does: the configuration in force, the namespaces, why an item is kept or
// dropped, and a page for people. Nothing can be changed over HTTP.
package inspect

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// Source provides what the handler shows. It is safe for concurrent use.
type Source interface {
	Config() Config
	// ConfigVersion is comparable, and another one whenever Config returns something else than before.
	ConfigVersion() any
	// Namespaces is expensive and is called at most once a second, unless ctx has ended before it returned. It may return names of any
	// length and encoding.
	Namespaces(ctx context.Context) (Namespaces, error)
	Explain(Question) (Explanation, error)
}

// Handler serves a source.
type Handler struct {
	source     Source
	namespaces *throttle
	config     *latest
	others     []string // query parameters that are ignored
}

var _ http.Handler = (*Handler)(nil)

// NewHandler returns the handler of a source. The query parameters in others are ignored; an authenticator may read credentials
// from them.
func NewHandler(source Source, others ...string) *Handler {
	return newHandler(source, time.Now, others...)
}

func newHandler(source Source, now func() time.Time, others ...string) *Handler {
	h := &Handler{source: source, others: others}
	h.namespaces, h.config = newThrottle(now, h.renderNamespaces), &latest{}
	return h
}

// ServeHTTP implements http.Handler:
//
//	curl -s localhost:8090/config | jq .common.telemetry
//	curl -s localhost:8090/namespaces | jq -r '.namespaces[].name'
//	curl -s 'localhost:8090/explain?namespace=payments&trace_id=4bf92f3577b34da6a3ce929d0e0e4736'
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var serve func(http.ResponseWriter, *http.Request)
	switch r.URL.Path {
	case "/":
		serve = servePage
	case "/config":
		serve = h.serveConfig
	case "/namespaces":
		serve = h.serveNamespaces
	case "/explain":
		serve = h.serveExplain
	default:
		fail(w, http.StatusNotFound, "not found; the paths are /, /config, /namespaces and /explain")
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		fail(w, http.StatusMethodNotAllowed, "method not allowed; use GET or HEAD")
		return
	}
	serve(w, r)
}

func (h *Handler) serveConfig(w http.ResponseWriter, r *http.Request) {
	d, err := h.config.get(h.source.ConfigVersion(), h.renderConfig)
	h.answer(w, r, d, err)
}

func (h *Handler) renderConfig() (*document, error) {
	c := h.source.Config()
	telemetry := &c.Common.Telemetry
	telemetry.Tracing.Namespaces = shown(telemetry.Tracing.Namespaces)
	telemetry.Metrics.Namespaces = shown(telemetry.Metrics.Namespaces)
	telemetry.Logs.Namespaces = shown(telemetry.Logs.Namespaces)
	return renderDocument(c)
}

// shown returns rates by names fit for output.
func shown(rates Rates) Rates {
	out := make(Rates, len(rates))
	for name, rate := range rates {
		out[namespace.Shown(name)] = rate
	}
	return out
}

func (h *Handler) serveNamespaces(w http.ResponseWriter, r *http.Request) {
	d, err := h.namespaces.get(r.Context())
	h.answer(w, r, d, err)
}

// answer sends a rendered answer.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, d *document, err error) {
	if err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	d.send(w, r, jsonType)
}

func (h *Handler) renderNamespaces(ctx context.Context) (*document, error) {
	n, err := h.source.Namespaces(ctx)
	if err != nil {
		return nil, err
	}
	n.show()
	return renderDocument(n)
}

func renderDocument(value any) (*document, error) {
	body, err := render(value)
	return newDocument(body), err
}

const jsonType = "application/json; charset=utf-8"

// Failure answers a request that the server refuses before the handler is called, such as one without credentials. It reveals
// nothing but the status.
func Failure(w http.ResponseWriter, _ *http.Request, _ string, status int) {
	fail(w, status, strings.ToLower(http.StatusText(status)))
}

func fail(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, struct {
		Error string `json:"error"`
	}{message})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := render(value)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer could not be encoded"}`+"\n")
	}
	write(w, status, jsonType, body)
}

func render(value any) ([]byte, error) {
	body, err := json.Marshal(value)
	return append(body, '\n'), err
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // JSON without markup, or the page; net/http omits it for HEAD
}
