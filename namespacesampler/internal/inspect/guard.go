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
	withoutBody(w, r)
	if !g.hosts.allow(r.Host) {
		fail(w, http.StatusForbidden, "this server does not serve the requested host; if it should, list the host in inspect::allowed_hosts")
		return
	}
	g.next.ServeHTTP(w, r)
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

// withoutBody takes the body from a request, so that nothing reads or decompresses it: no request here needs one. The connection is closed
// after the answer, since the next request would come after the body. Before that, net/http discards up to 256 KiB that the client may be
// sending still, so that it does not miss the answer.
func withoutBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 {
		return
	}
	w.Header().Set("Connection", "close")
	r.Body, r.ContentLength, r.TransferEncoding = http.NoBody, 0, nil
	for _, name := range []string{"Content-Encoding", "Content-Length", "Content-Type"} {
		r.Header.Del(name)
	}
}
