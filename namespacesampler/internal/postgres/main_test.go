// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
)

// cluster is shared by all tests; each has a database of its own in it.
var cluster *pgtest.Cluster

func TestMain(m *testing.M) { goleak.VerifyTestMain(withCluster{m}) }

type withCluster struct{ m *testing.M }

// Run launches and stops the cluster around the tests, inside of the search for leaks.
func (w withCluster) Run() int {
	var err error
	if cluster, err = pgtest.Launch(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := w.m.Run()
	if err := cluster.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
