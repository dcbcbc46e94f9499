// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"net"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// sockets are the network connections of a pool. To say goodbye to a server that has gone silent takes pgx up to 15 s;
// closing its socket ends that at once.
type sockets struct {
	mu   sync.Mutex
	open map[*socket]struct{} // nil once closed
}

// socket is a connection that its pool knows of until it is closed.
type socket struct {
	net.Conn
	all *sockets
}

func newSockets() *sockets { return &sockets{open: map[*socket]struct{}{}} }

// dial returns a dialler whose connections are known.
func (s *sockets) dial(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open == nil {
			_ = conn.Close()
			return nil, net.ErrClosed
		}
		known := &socket{Conn: conn, all: s}
		s.open[known] = struct{}{}
		return known, nil
	}
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
