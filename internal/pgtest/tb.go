// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"context"

	"github.com/otelcol-tasker/otelcol-tasker/internal/child"
)

// TB is what this package needs of testing.TB.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(f func())
	Failed() bool
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Start launches a cluster and stops it when the test ends. It fails the test when there is no PostgreSQL on this
// machine: a test that is skipped where it cannot run guards nothing. The end of the server's log is printed with a
// test that failed.
func Start(t TB, opts ...Option) *Cluster {
	t.Helper()
	c, err := Launch(t.Context(), opts...)
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
		return nil
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server's log ends with:\n%s", child.LastLines(c.Log(), 30))
		}
		if err := c.Stop(); err != nil {
			t.Errorf("stop PostgreSQL: %v", err)
		}
	})
	return c
}
