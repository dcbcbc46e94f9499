// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestNamesAreShownShortAndValid(t *testing.T) {
	for name, want := range map[string]string{
		"":                              "",
		"payments":                      "payments",
		strings.Repeat("x", 128):        strings.Repeat("x", 128),
		strings.Repeat("x", 64<<10):     strings.Repeat("x", 128),
		strings.Repeat("x", 127) + "é":  strings.Repeat("x", 127),
		strings.Repeat("x", 126) + "éé": strings.Repeat("x", 126) + "é",
		"a\xff\xfeb":                    "a\uFFFDb",
	} {
		assert.Equal(t, want, Shown(name))
	}
}

func FuzzShown(f *testing.F) {
	f.Add("payments")
	f.Add(strings.Repeat("\xffa", 100))
	f.Fuzz(func(t *testing.T, name string) {
		shown := Shown(name)
		if len(shown) > MaxShownBytes || !utf8.ValidString(shown) {
			t.Errorf("%q is shown as %q, %d bytes", name, shown, len(shown))
		}
		if len(name) <= MaxShownBytes && utf8.ValidString(name) && shown != name {
			t.Errorf("%q needs no change, and is shown as %q", name, shown)
		}
	})
}
