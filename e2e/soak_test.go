// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func idOf(s span) uint64 { return binary.BigEndian.Uint64(s.id[:]) }

// longWait is how long a batch may wait, by default.
const longWait = 200 * time.Millisecond

// slack is what a batch may take beside its wait: to and from the collector, and through it.
const slack = 50 * time.Millisecond

// report prints a fault as a row of the table in docs/failure-modes.md, and holds it to its bound.
func (f *fault) report(t *testing.T, l *faultLoad, recovered time.Duration, active int) {
	t.Helper()
	row := "| " + f.name
	for p := range phases {
		p99, perSecond := l.latency(p)
		row += fmt.Sprintf(" | %d/s, %.1f ms", perSecond, float64(p99.Microseconds())/1_000)
		assert.LessOrEqual(t, p99, longWait+slack, "the 99th percentile")
	}
	sent, kept := l.keptFresh(during)
	fmt.Printf("%s | %.1f %% | %s | %d | %d = %d + %d |\n", row, 100*float64(kept)/float64(max(1, sent)),
		recovered.Round(10*time.Millisecond), active, l.sent.Load(), len(l.seen), int(l.sent.Load())-len(l.seen))
}
