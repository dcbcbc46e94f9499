// SPDX-License-Identifier: Apache-2.0

package group

// isUUID reports whether a text is 8-4-4-4-12 hexadecimal digits in either case. Such keys are hashed in lower case, as Postgres returns
// them.
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		switch i {
		case 8, 13, 18, 23:
			if text[i] != '-' {
				return false
			}
		default:
			if c := lowerHex(text[i]); (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}

// lowerHex returns a character of a UUID in lower case.
func lowerHex(c byte) byte {
	if c >= 'A' && c <= 'F' {
		return c + 'a' - 'A'
	}
	return c
}
