// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// sockets are the network connections of a pool. To get rid of a connection whose server has gone silent, pgx asks it to
// cancel the statement and says goodbye, each for up to 15 s, and holds its place in the pool meanwhile. These sockets have
// less patience; and closing them ends it at once.
type sockets struct {
	patience time.Duration // for each of the two

	mu   sync.Mutex
	open map[*socket]struct{} // nil once closed
}

// socket is a connection that its pool knows of until it is closed.
type socket struct {
	net.Conn
	all *sockets
	end time.Time // of a request to cancel; else zero
}

// newSockets returns sockets whose servers are given up for good a while after the connection has failed.
func newSockets(while time.Duration) *sockets {
	return &sockets{patience: while / 2, open: map[*socket]struct{}{}}
}

// dial returns a dialler whose connections are known.
func (s *sockets) dial(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		known := &socket{all: s}
		if cancels := ctx.Value(connecting{}) == nil; cancels && s.patience > 0 {
			known.end = time.Now().Add(s.patience)
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, known.end)
			defer cancel()
		}
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if !known.end.IsZero() {
			_ = conn.SetDeadline(known.end)
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
}

// SetDeadline implements net.Conn. pgx sets the past, to interrupt, and none, to go on; a future only for its goodbye.
func (c *socket) SetDeadline(t time.Time) error {
	limit := c.end
	if limit.IsZero() && c.all.patience > 0 && time.Until(t) > 0 {
		limit = time.Now().Add(c.all.patience)
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

// close closes all, and refuses new ones.
func (s *sockets) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Conn.Close()
	}
	s.open = nil
}
