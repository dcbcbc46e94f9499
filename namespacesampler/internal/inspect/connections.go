// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

const (
	// maxConnections bounds the connections of a server, and with them its memory and file descriptors. A new client is served
	// nevertheless: the connection on which nothing has happened for longest is closed.
	maxConnections = 100
	// maxStreams bounds the requests that are answered at once on a connection of HTTP/2.
	maxStreams = 10
	// maxHeaderBytes bounds the headers of a request. It leaves room for credentials.
	maxHeaderBytes = 32 << 10
)

// connections are the open connections of a server.
type connections struct {
	mu       sync.Mutex
	byChange *list.List // of connection, in order of their last change
	known    map[net.Conn]*list.Element
}

type connection struct {
	net.Conn
	isActive bool // a request is being answered
}

func newConnections() *connections {
	return &connections{byChange: list.New(), known: map[net.Conn]*list.Element{}}
}

// changed is called by the server when the state of a connection changes.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.known[conn]; e != nil {
		c.forget(e)
	} else if state != http.StateNew {
		return // it was closed for another one
	}
	switch state {
	case http.StateClosed, http.StateHijacked:
	case http.StateNew, http.StateActive, http.StateIdle:
		if c.byChange.Len() >= maxConnections {
			e := c.oldest()
			c.forget(e)
			abort(e.Value.(connection).Conn)
		}
		c.known[conn] = c.byChange.PushBack(connection{conn, state == http.StateActive})
	}
}

func (c *connections) forget(e *list.Element) {
	delete(c.known, c.byChange.Remove(e).(connection).Conn)
}

// oldest returns the connection on which nothing has happened for longest: one on which no request is being answered, if there is any.
func (c *connections) oldest() *list.Element {
	for e := c.byChange.Front(); e != nil; e = e.Next() {
		if !e.Value.(connection).isActive {
			return e
		}
	}
	return c.byChange.Front()
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
	for e := c.byChange.Front(); e != nil; e = e.Next() {
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
