// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// maxConnections bounds the connections of a server, and with them its memory and file descriptors. A new client is served nevertheless:
// the connection on which nothing has happened for longest is closed.
const maxConnections = 100

// connections are the open connections of a server.
type connections struct {
	mu      sync.Mutex
	byState *list.List // of connection, in order of their last change
	known   map[net.Conn]*list.Element
}

type connection struct {
	net.Conn
	isActive bool // a request is being answered
}

func newConnections() *connections {
	return &connections{byState: list.New(), known: map[net.Conn]*list.Element{}}
}

// changed is called by the server when the state of a connection changes.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.known[conn]
	if e != nil {
		c.byState.Remove(e)
		delete(c.known, conn)
	}
	switch state {
	case http.StateClosed, http.StateHijacked:
	case http.StateNew, http.StateActive, http.StateIdle:
		if c.byState.Len() >= maxConnections {
			c.closeOldest()
		}
		c.known[conn] = c.byState.PushBack(connection{conn, state == http.StateActive})
	}
}

func (c *connections) closeOldest() {
	oldest := c.byState.Front()
	conn := c.byState.Remove(oldest).(connection)
	delete(c.known, conn.Conn)
	abort(conn.Conn)
}

// closeUnused closes the connections on which no request is being answered.
func (c *connections) closeUnused() {
	c.closeIf(func(conn connection) bool { return !conn.isActive })
}

// close closes all connections.
func (c *connections) close() {
	c.closeIf(func(connection) bool { return true })
}

func (c *connections) closeIf(condition func(connection) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := c.byState.Front(); e != nil; e = e.Next() {
		if conn := e.Value.(connection); condition(conn) {
			abort(conn.Conn)
		}
	}
}

// abort closes a connection at once. Closing a TLS connection would wait until the client takes a last message, for up to 5 seconds.
func abort(conn net.Conn) {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	_ = conn.Close()
}
