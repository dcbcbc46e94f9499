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
// bound both, and can all be closed at once. Connections that are being opened can be given up before, since closing the pool waits
// for them.
type sockets struct {
	closeTimeout time.Duration // bounds each of the two; 0 for no bound

	opening context.Context // of connections that are being opened
	giveUp  context.CancelFunc

	mu   sync.Mutex
	open map[*socket]struct{} // nil once closed
}

// socket is a network connection that is known to sockets until it is closed.
type socket struct {
	net.Conn
	all        *sockets
	deadline   time.Time   // of a cancel request; zero for other connections
	stopGiveUp func() bool // keeps it from being closed by giveUp; nil for a cancel request
}

// newSockets returns sockets that are given up some time after their connection has failed.
func newSockets(timeout time.Duration) *sockets {
	s := &sockets{closeTimeout: timeout / 2, open: map[*socket]struct{}{}}
	s.opening, s.giveUp = context.WithCancel(context.Background())
	return s
}

// track makes the network connections of one database connection known. Once that is established, it dials to send cancel
// requests only. The name of each host is resolved within the time that pgx has to connect to it, which pgx does not bound by itself.
func (s *sockets) track(cfg *pgx.ConnConfig) {
	var established atomic.Bool
	dial, lookUp, afterConnect := cfg.DialFunc, cfg.LookupFunc, cfg.AfterConnect
	cfg.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		ctx, cancel := s.whileOpening(ctx)
		defer cancel()
		if cfg.ConnectTimeout > 0 {
			ctx, cancel = context.WithTimeout(ctx, cfg.ConnectTimeout)
			defer cancel()
		}
		return lookUp(ctx, host)
	}
	cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if established.Load() {
			return s.dialToCancel(ctx, dial, network, addr)
		}
		ctx, cancel := s.whileOpening(ctx)
		defer cancel()
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return s.add(&socket{all: s, Conn: conn, stopGiveUp: context.AfterFunc(s.opening, func() {
			if !established.Load() {
				_ = conn.Close()
			}
		})})
	}
	cfg.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		established.Store(true)
		if afterConnect == nil {
			return nil
		}
		return afterConnect(ctx, conn)
	}
}

// whileOpening returns a context that also ends when connections that are being opened are given up.
func (s *sockets) whileOpening(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.opening, cancel)
	return ctx, func() { stop(); cancel() }
}

// dialToCancel dials to send a cancel request.
func (s *sockets) dialToCancel(ctx context.Context, dial pgconn.DialFunc, network, addr string) (net.Conn, error) {
	known := &socket{all: s}
	if s.closeTimeout > 0 {
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
	return s.add(known)
}

// add makes a socket known.
func (s *sockets) add(c *socket) (net.Conn, error) {
	s.mu.Lock()
	isClosed := s.open == nil
	if !isClosed {
		s.open[c] = struct{}{}
	}
	s.mu.Unlock()
	if isClosed {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	return c, nil
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
	if c.stopGiveUp != nil {
		c.stopGiveUp()
	}
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
