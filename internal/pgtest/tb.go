// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"context"

	"github.com/otelcol-tasker/otelcol-tasker/internal/child"
)

// TB is the part of testing.TB that this package needs.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(f func())
	Failed() bool
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Start launches a cluster and stops it when the test ends. If PostgreSQL is not installed, the test fails rather than being
// skipped. If the test fails, the end of the server's log is printed.
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
