// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Remote is an HTTP server that serves a configuration.
type Remote struct {
	t       testing.TB
	address string
	isTLS   bool
	server  *httptest.Server
	mu      sync.Mutex
	body    []byte
	silent  chan struct{} // if not nil, requests are not answered until it is closed
	waiting int
}

// NewRemote starts a server of a configuration, with TLS if asked for. It stops when the test ends.
func NewRemote(t testing.TB, isTLS bool) *Remote {
	t.Helper()
	r := &Remote{t: t, address: FixedAddress(t), isTLS: isTLS}
	r.Up()
	t.Cleanup(func() { r.Answer(); r.Down() })
	return r
}

// URL returns the address of the configuration.
func (r *Remote) URL() string { return r.server.URL + "/otelcol.yaml" }

// Serve serves another configuration from now on.
func (r *Remote) Serve(configuration []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.body = configuration
}

// Waiting returns how many requests hang.
func (r *Remote) Waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting
}

// Down stops the server: connections are refused.
func (r *Remote) Down() { r.server.Close() }

// Up starts a server that is down on the same address.
func (r *Remote) Up() {
	r.t.Helper()
	listener, err := net.Listen("tcp", r.address)
	if err != nil {
		r.t.Fatalf("serve a configuration: %v", err)
	}
	r.server = httptest.NewUnstartedServer(r)
	_ = r.server.Listener.Close()
	r.server.Listener = listener
	r.server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that do not trust the certificate
	if r.isTLS {
		r.server.StartTLS()
	} else {
		r.server.Start()
	}
}

// Hang has the server accept requests without an answer, until Answer.
func (r *Remote) Hang() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silent = make(chan struct{})
}

// Answer answers what hangs.
func (r *Remote) Answer() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.silent != nil {
		close(r.silent)
		r.silent, r.waiting = nil, 0
	}
}

// Certificate writes the certificate of a server with TLS to a file and returns its path.
func (r *Remote) Certificate() string {
	r.t.Helper()
	path := filepath.Join(r.t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.server.Certificate().Raw})
	if err := os.WriteFile(path, certificate, 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// ServeHTTP implements http.Handler.
func (r *Remote) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	body, silent := r.body, r.silent
	if silent != nil {
		r.waiting++
	}
	r.mu.Unlock()
	if silent != nil {
		<-silent
	}
	_, _ = w.Write(body)
}
