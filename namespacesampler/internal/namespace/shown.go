// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"strings"
	"unicode/utf8"
)

// MaxShownBytes is the maximum length of a namespace in output of any kind.
const MaxShownBytes = 128

// Shown returns a name for output: truncated to MaxShownBytes, valid UTF-8, and with memory of its own.
func Shown(name string) string {
	if len(name) > MaxShownBytes {
		cut := MaxShownBytes
		for cut > MaxShownBytes-utf8.UTFMax && !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut]
	}
	shown := strings.Clone(strings.ToValidUTF8(name, "\uFFFD"))
	for len(shown) > MaxShownBytes { // the replacement is longer than the bytes that it replaces
		_, size := utf8.DecodeLastRuneInString(shown)
		shown = shown[:len(shown)-size]
	}
	return shown
}
