// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(orphanEnv) != "" {
		launchAndHang()
	}
	goleak.VerifyTestMain(withShared{m})
}

// shared is for the tests that neither crash nor stop it: making a cluster takes more than a second.
var shared *Cluster

type withShared struct{ m *testing.M }

// Run launches and stops the shared cluster around the tests, inside of the search for leaks.
func (s withShared) Run() int {
	var err error
	if shared, err = Launch(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := s.m.Run()
	if err := shared.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// connect opens a connection that closes with the test.
func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// queryInt runs a query for one number over a connection of its own.
func queryInt(t *testing.T, dsn, sql string) int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	var n int
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&n))
	return n
}

// eventually polls until the condition holds, and fails the test when it does not within 30 seconds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, poll(ctx, condition), what)
}

// recorder is a TB that notes what a test would be told, instead of ending it.
type recorder struct {
	*testing.T
	fatal, errors []string
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.fatal = append(r.fatal, fmt.Sprintf(format, args...))
}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// ownTemp makes clusters of this test live in a folder of its own, and returns what is in there.
func ownTemp(t *testing.T) (contents func() []string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "own-") //nolint:usetesting // TempDir is too long for a socket, and closed to others
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755)) // the server's user has to get through
	t.Setenv("TMPDIR", dir)
	return func() []string {
		found, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		return found
	}
}
