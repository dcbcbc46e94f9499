// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.uber.org/zap"
)

// run runs a server as the configuration has it, and returns a function that sends raw requests to it.
func run(t *testing.T, set func(*ServerConfig)) (send func(request string) answer, network, address string) {
	t.Helper()
	cfg := ServerConfig{HTTP: DefaultHTTP()}
	cfg.HTTP.NetAddr.Endpoint = freeAddress(t)
	if set != nil {
		set(&cfg)
	}
	s, err := Start(t.Context(), cfg, &fixed{}, nil, componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	t.Cleanup(func() {
		s.Close(t.Context())
		require.Eventually(t, func() bool { // net/http keeps a connection for a moment after a body that it has not read
			s.connections.mu.Lock()
			defer s.connections.mu.Unlock()
			return s.connections.byChange.Len() == 0
		}, 10*time.Second, time.Millisecond)
	})
	network, address = "tcp", strings.Replace(cfg.HTTP.NetAddr.Endpoint, "0.0.0.0", "127.0.0.1", 1)
	if cfg.HTTP.NetAddr.Transport == confignet.TransportTypeUnix {
		network = "unix"
	}
	return func(request string) answer {
		conn, err := net.Dial(network, address)
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn, request)
		require.NoError(t, err)
		method, _, _ := strings.Cut(request, " ")
		response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
		require.NoError(t, err)
		defer func() { require.NoError(t, response.Body.Close()) }()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return answer{status: response.StatusCode, header: response.Header, body: string(body), closes: response.Close}
	}, network, address
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	return listener.Addr().String()
}

// Forty bodies of snappy that expand to 19 MB took 400 MB. Here the bodies never come: the answer does nevertheless.
func TestNoBodyIsReadWhateverTheMethod(t *testing.T) {
	send, _, _ := run(t, func(cfg *ServerConfig) { cfg.HTTP.CompressionAlgorithms = []string{"snappy", "gzip"} })
	for _, encoding := range []string{"snappy", "gzip", "zstd", "nonsense"} {
		for _, length := range []string{"Content-Length: 19000000", "Transfer-Encoding: chunked"} {
			for method, status := range map[string]int{
				http.MethodGet: http.StatusOK, http.MethodHead: http.StatusOK, http.MethodPost: http.StatusMethodNotAllowed,
				http.MethodPut: http.StatusMethodNotAllowed, "BREW": http.StatusMethodNotAllowed,
			} {
				got := send(fmt.Sprintf("%s /config HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: %s\r\n%s\r\n\r\n", method, encoding, length))
				assert.Equal(t, status, got.status, "%s %s", method, encoding)
				assert.True(t, got.closes, "what comes next on the connection is no request")
				got = send(fmt.Sprintf("%s /config HTTP/1.1\r\nHost: evil\r\nContent-Encoding: %s\r\n%s\r\n\r\n", method, encoding, length))
				assert.Equal(t, http.StatusForbidden, got.status, "%s %s", method, encoding)
				assert.True(t, got.closes)
			}
		}
	}
}

// The server would close the connection while the client is sending, which is a reset to the client.
func TestClientsThatSendALargeBodyGetTheAnswer(t *testing.T) {
	_, _, address := run(t, nil)
	body := make([]byte, 1<<20)
	for _, closes := range []bool{false, true} {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: closes}}
		for range 25 {
			response, err := client.Post("http://"+address+"/config", "application/json", bytes.NewReader(body))
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
		}
		client.CloseIdleConnections()
	}
}

func TestRequestsAreAnsweredWhateverCompressionIsConfigured(t *testing.T) {
	send, _, _ := run(t, func(cfg *ServerConfig) { cfg.HTTP.CompressionAlgorithms = []string{"gzip"} })
	assert.Equal(t, http.StatusOK, send(request).status)
}

func TestOnLoopbackOnlyItsOwnNamesAndTheAllowedOnesAreServed(t *testing.T) {
	send, _, address := run(t, func(cfg *ServerConfig) {
		cfg.AllowedHosts = []string{"Collector.example.com", "[2001:db8::1]", "10.1.2.3"}
	})
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	for _, host := range []string{
		"localhost", "LOCALHOST:" + port, "localhost.", "127.0.0.1:" + port, "127.0.0.2", "[::1]:" + port, "[::1]", "[::ffff:127.0.0.1]",
		"collector.example.com", "collector.example.com:443", "COLLECTOR.EXAMPLE.COM.", "[2001:DB8::1]:80", "10.1.2.3",
	} {
		got := send("GET /config HTTP/1.1\r\nHost: " + host + "\r\n\r\n")
		assert.Equal(t, http.StatusOK, got.status, host)
	}
	for _, host := range []string{
		"evil.example.com", "evil.example.com:" + port, "localhost.evil.com", "127.0.0.1.evil.com", "collector.example.com.evil.com", "xlocalhost",
		"128.0.0.1", "10.1.2.4", "[::2]", "0.0.0.0", "",
	} {
		for _, path := range []string{"/", "/config", "/namespaces", "/explain", "/none"} {
			got := send("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n")
			assert.Equal(t, http.StatusForbidden, got.status, host)
			assert.Contains(t, got.body, "inspect::allowed_hosts")
			assert.NotContains(t, got.body, "evil")
		}
	}
	got := send("GET http://evil.example.com/config HTTP/1.1\r\nHost: localhost\r\n\r\n")
	assert.Equal(t, http.StatusForbidden, got.status, "the target of a request wins over its header")
	assert.Equal(t, http.StatusForbidden, send("GET /config HTTP/1.0\r\n\r\n").status)
}

func TestElsewhereHostsAreCheckedIfTheyAreConfigured(t *testing.T) {
	const foreign = "GET /config HTTP/1.1\r\nHost: any.example.com\r\n\r\n"
	everywhere := func(cfg *ServerConfig) {
		cfg.HTTP.NetAddr.Endpoint = strings.Replace(cfg.HTTP.NetAddr.Endpoint, "127.0.0.1", "0.0.0.0", 1)
	}
	send, _, _ := run(t, everywhere)
	assert.Equal(t, http.StatusOK, send(foreign).status)

	send, _, _ = run(t, func(cfg *ServerConfig) { everywhere(cfg); cfg.AllowedHosts = []string{"collector.example.com"} })
	assert.Equal(t, http.StatusForbidden, send(foreign).status)
	assert.Equal(t, http.StatusOK, send("GET /config HTTP/1.1\r\nHost: collector.example.com\r\n\r\n").status)
	assert.Equal(t, http.StatusOK, send("GET /config HTTP/1.1\r\nHost: localhost:1\r\n\r\n").status)

	send, _, _ = run(t, func(cfg *ServerConfig) {
		cfg.HTTP.NetAddr.Transport, cfg.HTTP.NetAddr.Endpoint = confignet.TransportTypeUnix, filepath.Join(t.TempDir(), "s")
	})
	assert.Equal(t, http.StatusOK, send(foreign).status, "no browser reaches a Unix domain socket")
}

func TestHostsAreNamesOrAddresses(t *testing.T) {
	for _, host := range []string{"localhost", "collector.example.com", "a_b-c", "10.0.0.1", "::1", "[::1]", "example.com."} {
		require.NoError(t, ValidateHost(host), host)
	}
	for _, host := range []string{"", "http://a", "a:80", "[::1]:80", "a/b", "*", "*.example.com", "a b", "ü.de", "-a", "10.0.0.1:80"} {
		require.ErrorContains(t, ValidateHost(host), "without scheme and port", host)
	}
}

func TestAnswersThatTheServerGivesHaveSecurityHeadersToo(t *testing.T) {
	send, _, _ := run(t, func(cfg *ServerConfig) {
		cfg.HTTP.CORS = configoptional.Some(confighttp.CORSConfig{AllowedOrigins: []string{"https://a.example"}})
		cfg.HTTP.ResponseHeaders = configopaque.MapList{{Name: "Referrer-Policy", Value: "origin"}}
	})
	for what, request := range map[string]string{
		"a preflight request": "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n\r\n",
		"a refused host":      "GET / HTTP/1.1\r\nHost: evil\r\n\r\n",
		"general options":     "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"those of others":     "OPTIONS * HTTP/1.1\r\nHost: evil\r\n\r\n",
		"a refused method":    "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"no such path":        "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"the page":            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		header := send(request).header
		assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), what)
		assert.Equal(t, "DENY", header.Get("X-Frame-Options"), what)
		assert.Equal(t, "no-store", header.Get("Cache-Control"), what)
		assert.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'", what)
	}
	assert.Equal(t, "origin", send(request).header.Get("Referrer-Policy"), "configured headers win")
}

func TestManySilentClientsNeitherFillTheServerNorKeepOthersOut(t *testing.T) {
	send, network, address := run(t, func(cfg *ServerConfig) { cfg.HTTP.ReadHeaderTimeout, cfg.HTTP.ReadTimeout = time.Hour, time.Hour })
	const more = 20
	silent := make([]net.Conn, maxConnections+more)
	for i := range silent {
		var err error
		silent[i], err = net.Dial(network, address)
		require.NoError(t, err)
		t.Cleanup(func() { _ = silent[i].Close() })
		if i == 0 || i == len(silent)-1 { // the server accepts connections in order
			assert.Equal(t, http.StatusOK, send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").status)
		}
	}
	for i := range more { // the ones that were silent for longest
		require.NoError(t, silent[i].SetReadDeadline(time.Now().Add(10*time.Second)))
		_, err := silent[i].Read(make([]byte, 1))
		require.Error(t, err)
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
	}
}

func TestHeadersAreBounded(t *testing.T) {
	send, _, _ := run(t, nil)
	of := func(bytes int) answer {
		return send("GET /config HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + strings.Repeat("x", bytes) + "\r\n\r\n")
	}
	assert.Equal(t, http.StatusOK, of(16<<10).status)
	assert.Equal(t, http.StatusRequestHeaderFieldsTooLarge, of(maxHeaderBytes+8<<10).status)
}

// The collector's metrics of HTTP servers have the host as an attribute.
func TestHostsOfRequestsDoNotReachMetrics(t *testing.T) {
	var hosts []string
	server := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { hosts = append(hosts, r.Host) }))
	for _, host := range []string{"127.0.0.1:1", "127.0.0.2:2", "localhost"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		require.NoError(t, err)
		request.Host = host
		response, err := server.Client().Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}
	assert.Equal(t, []string{ownHost, ownHost, ownHost}, hosts)
}

func TestSilentClientsDoNotCutOffAnAnswerInProgress(t *testing.T) {
	asked, goOn := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-goOn
		_, _ = io.WriteString(w, "answer")
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := serve(&http.Server{Handler: slow}, listener, zap.NewNop())
	defer func() { s.Close(t.Context()) }()
	connect := func() net.Conn {
		conn, err := net.Dial("tcp", listener.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	inProgress := connect()
	_, err = io.WriteString(inProgress, request)
	require.NoError(t, err)
	<-asked
	silent := make([]net.Conn, maxConnections+1)
	for i := range silent {
		silent[i] = connect()
	}
	require.NoError(t, silent[1].SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = silent[1].Read(make([]byte, 1)) // until it is closed for the last one
	require.ErrorIs(t, err, io.EOF)
	close(goOn)
	answer := make([]byte, 1000)
	n, err := inProgress.Read(answer)
	require.NoError(t, err)
	assert.Contains(t, string(answer[:n]), "answer")
}

func TestASocketThatAKilledCollectorLeftBehindIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "inspect.sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	left.SetUnlinkOnClose(false)
	require.NoError(t, left.Close())
	onSocket := func(cfg *ServerConfig) {
		cfg.HTTP.NetAddr.Transport, cfg.HTTP.NetAddr.Endpoint = confignet.TransportTypeUnix, path
	}
	send, _, _ := run(t, onSocket)
	assert.Equal(t, http.StatusOK, send(request).status)

	cfg := ServerConfig{HTTP: DefaultHTTP()}
	onSocket(&cfg)
	_, err = Start(t.Context(), cfg, &fixed{}, nil, componenttest.NewNopTelemetrySettings())
	require.ErrorContains(t, err, "cannot listen at "+path, "of a collector that runs")
	assert.Equal(t, http.StatusOK, send(request).status)

	cfg.HTTP.NetAddr.Endpoint = filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(cfg.HTTP.NetAddr.Endpoint, []byte("precious"), 0o600))
	_, err = Start(t.Context(), cfg, &fixed{}, nil, componenttest.NewNopTelemetrySettings())
	require.Error(t, err)
	kept, err := os.ReadFile(cfg.HTTP.NetAddr.Endpoint)
	require.NoError(t, err)
	assert.Equal(t, "precious", string(kept), "a file is no socket")
}
