// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// sockets are the network connections of a database. To close a connection that has failed, pgx sends a cancel request and a
// termination message, waits for the server up to 15 s, and keeps the connection's place in the pool meanwhile. These sockets
// bound both, and can all be closed at once.
type sockets struct {
	closeTimeout time.Duration // bounds each of the two; 0 for no bound

	mu   sync.Mutex
	open map[*socket]struct{} // nil once closed
}

// socket is a network connection that is known to sockets until it is closed.
type socket struct {
	net.Conn
	all      *sockets
	deadline time.Time // of a cancel request; zero for other connections
}

// newSockets returns sockets that are given up some time after their connection has failed.
func newSockets(timeout time.Duration) *sockets {
	return &sockets{closeTimeout: timeout / 2, open: map[*socket]struct{}{}}
}

// track makes the network connections of one database connection known. Once that is established, it dials to send cancel
// requests only.
func (s *sockets) track(cfg *pgx.ConnConfig) {
	var established atomic.Bool
	dial, afterConnect := cfg.DialFunc, cfg.AfterConnect
	cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return s.dial(ctx, dial, network, addr, established.Load())
	}
	cfg.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		established.Store(true)
		if afterConnect == nil {
			return nil
		}
		return afterConnect(ctx, conn)
	}
}

func (s *sockets) dial(ctx context.Context, dial pgconn.DialFunc, network, addr string, isCancelRequest bool) (net.Conn, error) {
	known := &socket{all: s}
	if isCancelRequest && s.closeTimeout > 0 {
		known.deadline = time.Now().Add(s.closeTimeout)
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, known.deadline)
		defer cancel()
	}
	conn, err := dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if !known.deadline.IsZero() {
		_ = conn.SetDeadline(known.deadline)
	}
	known.Conn = conn
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	s.open[known] = struct{}{}
	return known, nil
}

// SetDeadline implements net.Conn. pgx sets a deadline in the past to interrupt, and none to go on. A deadline in the future is
// for closing only.
func (c *socket) SetDeadline(t time.Time) error {
	limit := c.deadline
	if limit.IsZero() && c.all.closeTimeout > 0 && time.Until(t) > 0 {
		limit = time.Now().Add(c.all.closeTimeout)
	}
	if !limit.IsZero() && (t.IsZero() || t.After(limit)) {
		t = limit
	}
	return c.Conn.SetDeadline(t)
}

// Close implements net.Conn.
func (c *socket) Close() error {
	c.all.mu.Lock()
	delete(c.all.open, c)
	c.all.mu.Unlock()
	return c.Conn.Close()
}

// close closes all sockets, and refuses new ones.
func (s *sockets) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Conn.Close()
	}
	s.open = nil
}
