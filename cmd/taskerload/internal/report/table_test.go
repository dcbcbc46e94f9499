// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTablesAlignTheirColumns(t *testing.T) {
	t.Parallel()
	tb := table{header: []string{"name", "n", "verdict"}, left: 1}
	tb.add("a", "1,000", "ok")
	tb.add("longer", "–", "FAIL")
	var out strings.Builder
	tb.print(&out)
	assert.Equal(t, "  name        n  verdict\n  a       1,000  ok\n  longer      –  FAIL\n", out.String())
}

func TestGroupTitlesAreAboveTheirColumns(t *testing.T) {
	t.Parallel()
	tb := table{header: []string{"name", "n", "m", "n"}, left: 1, right: true, groups: []group{{"", 1}, {"one", 2}, {"another", 1}}}
	tb.add("a", "1", "2", "3")
	var out strings.Builder
	tb.print(&out)
	assert.Equal(t, "        one   another\n  name  n  m        n\n  a     1  2        3\n", out.String())
}

func TestThousandsAreSeparated(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -4500: "-4,500"} {
		assert.Equal(t, want, Thousands(n))
	}
}
