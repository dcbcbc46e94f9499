// SPDX-License-Identifier: Apache-2.0

package group

const uuidLength = 36

// isUpperUUID reports whether a text is 8-4-4-4-12 hexadecimal digits with a letter in upper case. Such keys are hashed in lower case, as
// Postgres returns them. All characters of a UUID in lower case have lowerBit, but upper-case letters have not.
func isUpperUUID(text string) bool {
	if len(text) != uuidLength {
		return false
	}
	const lowerBits = 0x2020202020202020
	all := word(text) & word(text[8:]) & word(text[16:]) & word(text[24:]) & word(text[28:])
	return all&lowerBits != lowerBits && isUUID(text)
}

// word returns the first eight bytes of a text. The compiler makes one instruction of it, and isUpperUUID takes 2 ns in place of 40, which
// holds the budgets of spans with a group of their own.
func word(text string) uint64 {
	_ = text[7]
	return uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
		uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
}

func isUUID(text string) bool {
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
