// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// hole stands before the server, and swallows what it is sent once it is dark: it takes connections and never answers.
type hole struct {
	listener net.Listener
	dark     atomic.Bool
	open     sync.WaitGroup
}

func newHole(t testing.TB) *hole {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	h := &hole{listener: listener}
	ctx, cancel := context.WithCancel(context.Background())
	h.open.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			h.open.Go(func() { h.serve(ctx, client) })
		}
	})
	t.Cleanup(func() { cancel(); _ = listener.Close(); h.open.Wait() })
	return h
}

func (h *hole) serve(ctx context.Context, client net.Conn) {
	server, err := (&net.Dialer{}).DialContext(ctx, "tcp", cluster.Addr())
	if err != nil {
		_ = client.Close()
		return
	}
	stop := context.AfterFunc(ctx, func() { _, _ = client.Close(), server.Close() })
	defer stop()
	var answers sync.WaitGroup
	answers.Go(func() {
		_, _ = io.Copy(dimmed{h, client}, server)
	})
	_, _ = io.Copy(dimmed{h, server}, client)
	_, _ = client.Close(), server.Close()
	answers.Wait()
}

// dimmed writes nothing while the hole is dark.
type dimmed struct {
	h *hole
	w io.Writer
}

func (d dimmed) Write(p []byte) (int, error) {
	if d.h.dark.Load() {
		return len(p), nil
	}
	return d.w.Write(p)
}

// TestFailedConnectionsLeaveThePoolInTime: pgx alone would ask a silent server to cancel the statement,
// and say goodbye, for 15 s each, with the place of the connection in the pool taken.
func TestFailedConnectionsLeaveThePoolInTime(t *testing.T) {
	h := newHole(t)
	dsn := withHost(t, cluster.NewDatabase(t, taskerdb.Tasker), h.listener.Addr().String())
	const patience = 100 * time.Millisecond
	db, err := Open(Config{
		Pool:    PoolConfig{DSN: dsn + "&connect_timeout=30", MaxConnections: 1, ConnectTimeout: patience},
		Queries: Tasker(true).Queries, Logger: zap.NewNop(), Telemetry: nowhere,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close(context.Background())) })
	key, _ := namespace.NewKey(kindTask, namespace.FormatUUID, id(1))
	lookup := func(timeout time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		_, err := db.Lookup(ctx, []namespace.Key{key}, make([]namespace.Answer, 1))
		return err
	}
	require.NoError(t, lookup(30*time.Second))

	h.dark.Store(true)
	require.EqualError(t, lookup(50*time.Millisecond), "no answer in time")
	h.dark.Store(false)
	began := time.Now()
	require.NoError(t, lookup(30*time.Second), "its place is free again")
	assert.Less(t, time.Since(began), 10*time.Second, "far from pgx's 15 s; what is left is the machine's")
}
