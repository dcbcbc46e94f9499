// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// trackedConfig returns the configuration of a database connection that sockets know.
func trackedConfig(t *testing.T, s *sockets, dial func(context.Context) (net.Conn, error)) *pgx.ConnConfig {
	cfg, err := pgx.ParseConfig("postgres://localhost/tasker")
	require.NoError(t, err)
	cfg.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }
	cfg.LookupFunc = func(ctx context.Context, _ string) ([]string, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	s.track(cfg)
	return cfg
}

func TestGivingUpEndsLookupsOfHostsAndDials(t *testing.T) {
	s := newSockets(0)
	cfg := trackedConfig(t, s, func(ctx context.Context) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	ended := make(chan error)
	go func() {
		_, err := cfg.LookupFunc(context.Background(), "localhost")
		ended <- err
	}()
	go func() {
		_, err := cfg.DialFunc(context.Background(), "tcp", "localhost:5432")
		ended <- err
	}()
	s.giveUp()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestGivingUpClosesOnlyConnectionsThatAreBeingOpened(t *testing.T) {
	s := newSockets(0)
	var servers []net.Conn
	dial := func(context.Context) (net.Conn, error) {
		client, server := net.Pipe()
		servers = append(servers, server)
		return client, nil
	}
	opening, established := trackedConfig(t, s, dial), trackedConfig(t, s, dial)
	for _, cfg := range []*pgx.ConnConfig{opening, established} {
		_, err := cfg.DialFunc(t.Context(), "tcp", "localhost:5432")
		require.NoError(t, err)
	}
	require.NoError(t, established.AfterConnect(t.Context(), nil))
	s.giveUp()
	_, err := servers[0].Read(make([]byte, 1))
	require.Error(t, err, "closed")

	_, err = established.DialFunc(t.Context(), "tcp", "localhost:5432")
	require.NoError(t, err, "to cancel a statement")
	assert.Len(t, s.open, 3, "the one that was being opened is closed by pgx")
	go s.close()
	for _, server := range servers[1:] {
		_, err := server.Read(make([]byte, 1))
		require.Error(t, err, "closed with all")
	}
}

// pgx bounds connecting, but not the resolution of names before it.
func TestTheResolutionOfANameIsBoundedByTheTimeToConnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSockets(0)
		defer s.giveUp()
		cfg := trackedConfig(t, s, nil)
		cfg.ConnectTimeout = 2 * time.Second
		began := time.Now()
		_, err := cfg.LookupFunc(t.Context(), "database.example")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, cfg.ConnectTimeout, time.Since(began))
	})
}
