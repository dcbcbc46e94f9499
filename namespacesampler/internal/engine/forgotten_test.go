// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// While too many traces are active, every batch makes the memory forget some.
func TestForgottenTracesAreWarnedOfOnceInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		f := &forgottenTraces{logger: zap.New(core), most: 1000}
		for range 3000 {
			f.add(2)
			time.Sleep(time.Second)
		}
		require.Len(t, logs.All(), 5)
		total := int64(0)
		for _, line := range logs.All() {
			assert.Equal(t, zap.WarnLevel, line.Level)
			assert.EqualValues(t, 1000, line.ContextMap()["max_traces"])
			total += line.ContextMap()["traces"].(int64)
		}
		assert.EqualValues(t, 2*(1+4*600), total, "those since the last warning")
	})
}
