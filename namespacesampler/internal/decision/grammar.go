// SPDX-License-Identifier: Apache-2.0

package decision

// The grammar of tracestate members: W3C Trace Context Level 2, 3.3.1.3, and OpenTelemetry's tracestate handling.

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isKey: ( lcalpha / DIGIT ) 0*255 ( lcalpha / DIGIT / "_" / "-" / "*" / "/" / "@" ).
func isKey(key string) bool {
	if key == "" || len(key) > maxKeyBytes || !isLower(key[0]) && !isDigit(key[0]) {
		return false
	}
	for i := 1; i < len(key); i++ {
		switch c := key[i]; {
		case isLower(c), isDigit(c), c == '_', c == '-', c == '*', c == '/', c == '@':
		default:
			return false
		}
	}
	return true
}

// isValue: 0*255(chr) nblk-chr, printable ASCII without comma and equals sign.
func isValue(value string) bool {
	if value == "" || len(value) > maxValueBytes || value[len(value)-1] == ' ' {
		return false
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' || c > '~' || c == ',' || c == '=' {
			return false
		}
	}
	return true
}

// isOTKey: lcalpha *( lcalpha / DIGIT ).
func isOTKey(key string) bool {
	if key == "" || !isLower(key[0]) {
		return false
	}
	for i := 1; i < len(key); i++ {
		if !isLower(key[i]) && !isDigit(key[i]) {
			return false
		}
	}
	return true
}

// isOTValue: *( ALPHA / DIGIT / "." / "_" / "-" ).
func isOTValue(value string) bool {
	for i := range len(value) {
		switch c := value[i]; {
		case isLower(c), c >= 'A' && c <= 'Z', isDigit(c), c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}
