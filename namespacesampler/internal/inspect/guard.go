// SPDX-License-Identifier: Apache-2.0

package inspect

import "net/http"

// guard is the outermost handler of a server: it comes before decompression, authentication, CORS and middlewares.
type guard struct {
	hosts hosts
	next  http.Handler
}

// ServeHTTP implements http.Handler.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	g.serve(w, withoutBody(w, r))
	if r.Close && r.ContentLength != 0 {
		lingerForBody(w, r)
	}
}

// ownHost replaces the host that a request asks for, which is an attribute of the metrics of HTTP servers: clients can think up any number of
// hosts.
const ownHost = "inspect"

func (g *guard) serve(w http.ResponseWriter, r *http.Request) {
	if !g.hosts.allow(r.Host) {
		fail(w, http.StatusForbidden, "this server does not serve the requested host; if it should, list the host in inspect::allowed_hosts")
		return
	}
	named := r.WithContext(r.Context())
	named.Host = ownHost
	g.next.ServeHTTP(w, named)
}

// secure sets the security headers of an answer.
func secure(header http.Header) {
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
}

// withoutBody returns a request without its body, so that nothing reads or decompresses it: no request here needs one. The connection is
// closed after the answer, since the next request would come after the body. Before that, net/http discards up to 256 KiB of it, so that a
// client that is still sending does not miss the answer.
func withoutBody(w http.ResponseWriter, r *http.Request) *http.Request {
	if r.ContentLength == 0 {
		return r
	}
	w.Header().Set("Connection", "close")
	bare := r.WithContext(r.Context()) // net/http goes by the request that it passed
	bare.Body, bare.ContentLength, bare.TransferEncoding = http.NoBody, 0, nil
	bare.Header = r.Header.Clone()
	for _, name := range []string{"Content-Encoding", "Content-Length", "Content-Type"} {
		bare.Header.Del(name)
	}
	return bare
}

// lingerForBody has net/http close the connection as it does after a body that is too large: it gives the client time to read the answer.
// After a request with "Connection: close" it would close at once, and the client, which is sending still, would see a reset.
func lingerForBody(w http.ResponseWriter, r *http.Request) {
	if http.NewResponseController(w).Flush() == nil {
		_, _ = http.MaxBytesReader(w, r.Body, 0).Read(make([]byte, 1))
	}
}
