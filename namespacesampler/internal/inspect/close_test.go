// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// pipes is a listener whose connections are pipes in memory, which work in virtual time.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newPipes() *pipes { return &pipes{accepted: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) connect() net.Conn {
	client, server := net.Pipe()
	p.accepted <- server
	return client
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.accepted:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

const request = "GET /config HTTP/1.1\r\nHost: localhost\r\n\r\n"

// Each client held up the stop of the collector: a silent one for 5 s, one that never reads for write_timeout.
func TestTheServerClosesWithinASecondWhateverItsClientsDo(t *testing.T) {
	for name, attack := range map[string]func(net.Conn){
		"silent":               func(net.Conn) {},
		"in half a request":    func(c net.Conn) { _, _ = io.WriteString(c, request[:20]) },
		"in half a body":       func(c net.Conn) { _, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1") },
		"idle after an answer": func(c net.Conn) { _, _ = io.WriteString(c, request); _, _ = c.Read(make([]byte, 1<<16)) },
		"that never reads":     func(c net.Conn) { _, _ = io.WriteString(c, strings.Repeat(request, 10)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				listener := newPipes()
				s := serve(&http.Server{Handler: &guard{next: NewHandler(&fixed{})}, WriteTimeout: time.Hour}, listener, zap.NewNop())
				var clients sync.WaitGroup
				for range 20 {
					conn := listener.connect()
					clients.Go(func() { attack(conn) })
				}
				synctest.Wait()
				began := time.Now()
				s.Close(t.Context())
				assert.Less(t, time.Since(began), time.Second)
				clients.Wait() // their connections are closed
			})
		})
	}
}

func TestARequestInProgressIsAnsweredBeforeTheServerCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newPipes()
		slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(closeTimeout / 2)
			_, _ = io.WriteString(w, "answer")
		})
		s := serve(&http.Server{Handler: slow}, listener, zap.NewNop())
		conn := listener.connect()
		_, err := io.WriteString(conn, request)
		require.NoError(t, err)
		var got []byte
		var client sync.WaitGroup
		client.Go(func() { got, _ = io.ReadAll(conn) })
		synctest.Wait()
		s.Close(t.Context())
		client.Wait()
		assert.Contains(t, string(got), "answer")
	})
}

// Closing a connection of TLS waits until the client takes a last message, for up to 5 s.
func TestClientsOfTLSThatStopReadingDoNotDelayTheClose(t *testing.T) {
	certified := httptest.NewTLSServer(nil)
	cfg := &tls.Config{Certificates: certified.TLS.Certificates}
	certified.Close()
	synctest.Test(t, func(t *testing.T) {
		listener := newPipes()
		s := serve(&http.Server{Handler: NewHandler(&fixed{})}, tls.NewListener(listener, cfg), zap.NewNop())
		for range 5 {
			client := tls.Client(listener.connect(), &tls.Config{InsecureSkipVerify: true})
			_, err := io.WriteString(client, request)
			require.NoError(t, err)
			response, err := http.ReadResponse(bufio.NewReader(client), nil)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
		}
		synctest.Wait()
		began := time.Now()
		s.Close(t.Context())
		assert.Zero(t, time.Since(began))
	})
}
