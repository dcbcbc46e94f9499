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
	hasBody := r.ContentLength != 0
	if hasBody {
		w.Header().Set("Connection", "close") // the next request would come after the body
	}
	if g.hosts.allow(r.Host) {
		g.next.ServeHTTP(w, stripped(r))
	} else {
		fail(w, http.StatusForbidden, "this server does not serve the requested host; if it should, list the host in inspect::allowed_hosts")
	}
	if hasBody && r.Close {
		lingerForBody(w, r)
	}
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

// ownHost replaces the host that a request asks for, which is an attribute of the metrics of HTTP servers: clients can think up any number of
// hosts.
const ownHost = "inspect"

// stripped returns a request as the other handlers see it: with a constant host, and without its body, so that nothing reads or decompresses
// it. No request here needs one. net/http, which goes by the request that it passed, discards up to 256 KiB of the body, so that a client that is
// still sending does not miss the answer.
func stripped(r *http.Request) *http.Request {
	bare := r.WithContext(r.Context())
	bare.Host, bare.Body, bare.ContentLength, bare.TransferEncoding = ownHost, http.NoBody, 0, nil
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
