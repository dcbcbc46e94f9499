// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Tap is a TCP proxy before a server that counts what the clients ask for. It passes every byte on as it is. A message
// is counted before it is passed on, so a client that has its answer finds its question counted. Safe for concurrent
// use.
type Tap struct {
	t        TB
	target   string
	listener net.Listener

	connections, syncs, executes atomic.Int64

	delay atomic.Int64 // of answers, in nanoseconds

	ctx    context.Context // done when the tap closes
	cancel context.CancelFunc
	open   sync.WaitGroup
}

// NewTap opens a tap before the server at host:port. It closes, with all its connections, when the test ends. A server
// that cannot be reached ends the client's connection only; a client that does not speak the protocol in plain text
// fails the test.
func NewTap(t TB, addr string) *Tap {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("open a tap: %v", err)
		return nil
	}
	tap := &Tap{t: t, target: addr, listener: listener}
	tap.ctx, tap.cancel = context.WithCancel(context.Background())
	tap.open.Go(tap.accept)
	t.Cleanup(tap.close)
	return tap
}

// Syncs is how many Sync and simple Query messages passed: the round trips of a client that waits for its answers.
func (t *Tap) Syncs() int64 { return t.syncs.Load() }

// Executes is how many statements were asked for: Execute messages, and simple Query messages as one each.
func (t *Tap) Executes() int64 { return t.executes.Load() }

// Connections is how many sessions clients began. A request to cancel a query is none.
func (t *Tap) Connections() int64 { return t.connections.Load() }

// Reset makes all three count from zero.
func (t *Tap) Reset() {
	t.connections.Store(0)
	t.syncs.Store(0)
	t.executes.Store(0)
}

// Addr is the host:port that clients connect to.
func (t *Tap) Addr() string { return t.listener.Addr().String() }

// DSN is the same DSN, a URL, with the tap in the place of the server.
func (t *Tap) DSN(dsn string) string {
	t.t.Helper()
	u, err := url.Parse(dsn)
	if err != nil || u.Host == "" {
		t.t.Fatalf("tap: the DSN is not a URL with a host: want postgres://user@host:port/database")
		return ""
	}
	u.Host = t.Addr()
	return u.String()
}

func (t *Tap) close() {
	t.cancel()
	_ = t.listener.Close()
	t.open.Wait()
}

func (t *Tap) accept() {
	for {
		client, err := t.listener.Accept()
		if err != nil {
			return
		}
		t.open.Go(func() { t.serve(client.(*net.TCPConn)) })
	}
}

// serve connects one client with the server until both have said all they have to say.
func (t *Tap) serve(client *net.TCPConn) {
	defer func() { _ = client.Close() }()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.ctx, "tcp", t.target)
	if err != nil {
		return
	}
	server := conn.(*net.TCPConn)
	defer func() { _ = server.Close() }()
	unhook := context.AfterFunc(t.ctx, func() {
		_ = client.Close()
		_ = server.Close()
	})
	defer unhook()

	var answers sync.WaitGroup
	answers.Go(func() { pass(client, delayed{t, server}) })
	pass(server, &countingReader{tap: t, client: client})
	answers.Wait()
}

// pass copies one direction. Its end is passed on as the end of that direction alone, so that what the other still has
// to say, such as why the server closes, arrives.
func pass(to *net.TCPConn, from io.Reader) {
	_, _ = io.Copy(to, from)
	_ = to.CloseWrite()
}

// Delay makes each answer of the server arrive later, as over a long way.
func (t *Tap) Delay(by time.Duration) { t.delay.Store(int64(by)) }

// delayed reads from a server a while after it has answered.
type delayed struct {
	tap    *Tap
	server *net.TCPConn
}

func (r delayed) Read(buffer []byte) (int, error) {
	n, err := r.server.Read(buffer)
	timer := time.NewTimer(time.Duration(r.tap.delay.Load()))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.tap.ctx.Done():
	}
	return n, err
}

// countingReader reads from a client and counts the messages that go by.
type countingReader struct {
	tap    *Tap
	client *net.TCPConn
	parser frontendParser
}

func (r *countingReader) Read(buffer []byte) (int, error) {
	n, err := r.client.Read(buffer)
	if parseErr := r.parser.feed(buffer[:n], r.tap.count); parseErr != nil {
		r.tap.t.Errorf("tap: %v", parseErr)
		return 0, parseErr
	}
	return n, err
}

func (t *Tap) count(messageType byte) {
	switch messageType {
	case typeStartup:
		t.connections.Add(1)
	case typeSync:
		t.syncs.Add(1)
	case typeExecute:
		t.executes.Add(1)
	case typeQuery:
		t.syncs.Add(1)
		t.executes.Add(1)
	}
}
