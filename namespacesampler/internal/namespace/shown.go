// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"strings"
	"unicode/utf8"
)

// MaxShownBytes is the longest form in which a namespace is shown to anybody.
const MaxShownBytes = 128

// Shown returns a name as it is shown: cut to its bound, and valid UTF-8. It holds nothing of the telemetry that the name came in.
func Shown(name string) string {
	if len(name) > MaxShownBytes {
		cut := MaxShownBytes
		for cut > MaxShownBytes-utf8.UTFMax && !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut]
	}
	shown := strings.Clone(strings.ToValidUTF8(name, "\uFFFD"))
	for len(shown) > MaxShownBytes { // the replacement is longer than what it stands for
		_, size := utf8.DecodeLastRuneInString(shown)
		shown = shown[:len(shown)-size]
	}
	return shown
}
