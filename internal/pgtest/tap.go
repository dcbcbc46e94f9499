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

// Tap is a TCP proxy in front of a server that counts the clients' messages. It does not change any byte. A message is counted
// before it is forwarded, so a client that has an answer finds its request counted. Tap is safe for concurrent use.
type Tap struct {
	t        TB
	target   string
	listener net.Listener

	connections, syncs, executes, turns atomic.Int64

	delay atomic.Int64 // of answers, in nanoseconds

	ctx    context.Context // done when the tap closes
	cancel context.CancelFunc
	open   sync.WaitGroup
}

// NewTap opens a tap for the server at host:port. It closes, with all its connections, when the test ends. If the server cannot
// be reached, the client's connection is closed. A client that uses TLS or another protocol fails the test.
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

// Syncs returns the number of Sync and simple Query messages: the round trips of a client that waits for its answers.
func (t *Tap) Syncs() int64 { return t.syncs.Load() }

// Executes returns the number of executed statements: Execute and simple Query messages.
func (t *Tap) Executes() int64 { return t.executes.Load() }

// Turns returns how often clients spoke first or after an answer: their round trips, also if several Sync messages travel together.
// Delay the answers, so that none arrives while a client still sends.
func (t *Tap) Turns() int64 { return t.turns.Load() }

// Connections returns the number of sessions started. A request to cancel a query is not a session.
func (t *Tap) Connections() int64 { return t.connections.Load() }

// Reset sets all counts to zero.
func (t *Tap) Reset() {
	t.connections.Store(0)
	t.syncs.Store(0)
	t.executes.Store(0)
	t.turns.Store(0)
}

// Addr returns the host:port that clients connect to.
func (t *Tap) Addr() string { return t.listener.Addr().String() }

// DSN returns a DSN, which must be a URL, with the tap's address.
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

// serve connects a client with the server until both have closed their side.
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
	var answered atomic.Bool
	answered.Store(true) // the client speaks first
	answers.Go(func() { pass(client, delayed{t, server, &answered}) })
	pass(server, &countingReader{tap: t, client: client, answered: &answered})
	answers.Wait()
}

// pass copies one direction and then closes only that direction, so that the rest of the other one arrives, such as the reason
// why the server closes the connection.
func pass(to *net.TCPConn, from io.Reader) {
	_, _ = io.Copy(to, from)
	_ = to.CloseWrite()
}

// Delay delays the server's answers, like a distant network.
func (t *Tap) Delay(by time.Duration) { t.delay.Store(int64(by)) }

// delayed reads from a server with a delay.
type delayed struct {
	tap      *Tap
	server   *net.TCPConn
	answered *atomic.Bool
}

func (r delayed) Read(buffer []byte) (int, error) {
	n, err := r.server.Read(buffer)
	timer := time.NewTimer(time.Duration(r.tap.delay.Load()))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.tap.ctx.Done():
	}
	if n > 0 {
		r.answered.Store(true)
	}
	return n, err
}

// countingReader reads from a client and counts its messages.
type countingReader struct {
	tap      *Tap
	client   *net.TCPConn
	parser   frontendParser
	answered *atomic.Bool // since the client spoke last
}

func (r *countingReader) Read(buffer []byte) (int, error) {
	n, err := r.client.Read(buffer)
	if n > 0 && r.answered.Swap(false) {
		r.tap.turns.Add(1)
	}
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
