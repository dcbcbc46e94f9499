// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// Kind is an index into the queries of a database: keys of one kind are looked up by one query.
type Kind uint8

// Format says which keys of a kind are well-formed. No key from telemetry may fail a query.
type Format uint8

const (
	// FormatText takes UTF-8 of 1 to 256 bytes without NUL.
	FormatText Format = iota
	// FormatUUID takes 8-4-4-4-12 hexadecimal digits in either case.
	FormatUUID
)

// maxKeyBytes is the longest well-formed key.
const maxKeyBytes = 256

// Key is an identifier that telemetry carries and that Postgres can tell the namespace of. Keys are comparable; a UUID is
// held as its 16 bytes, so that its case does not matter and half a million of them stay small.
type Key struct {
	text string
	uuid [16]byte
	kind Kind
	form Format
}

// NewKey returns the key of a kind, and false where the text is malformed. The key may share memory with the text.
func NewKey(kind Kind, format Format, text string) (Key, bool) {
	key := Key{kind: kind, form: format}
	if format == FormatUUID {
		ok := parseUUID(text, &key.uuid)
		return key, ok
	}
	if text == "" || len(text) > maxKeyBytes || strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
		return key, false
	}
	key.text = text
	return key, true
}

// Kind returns the kind of the key.
func (k Key) Kind() Kind { return k.kind }

// String returns the key as Postgres is asked for it: a UUID in lower case, other keys as they came.
func (k Key) String() string {
	if k.form == FormatText {
		return k.text
	}
	var buf [36]byte
	hex.Encode(buf[0:8], k.uuid[0:4])
	hex.Encode(buf[9:13], k.uuid[4:6])
	hex.Encode(buf[14:18], k.uuid[6:8])
	hex.Encode(buf[19:23], k.uuid[8:10])
	hex.Encode(buf[24:36], k.uuid[10:16])
	buf[8], buf[13], buf[18], buf[23] = '-', '-', '-', '-'
	return string(buf[:])
}

// detached returns the key with memory of its own, so that holding it does not hold the telemetry that it came in.
func (k Key) detached() Key {
	k.text = strings.Clone(k.text)
	return k
}

// parseUUID reads the 8-4-4-4-12 form, the only one that is well-formed here.
func parseUUID(text string, out *[16]byte) bool {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return false
	}
	n := 0
	for i := 0; i < len(text); {
		if text[i] == '-' {
			if i != 8 && i != 13 && i != 18 && i != 23 {
				return false
			}
			i++
			continue
		}
		high, low := hexDigit(text[i]), hexDigit(text[i+1])
		if high > 15 || low > 15 {
			return false
		}
		out[n] = high<<4 | low
		n++
		i += 2
	}
	return true
}

// hexDigit returns the value of a hexadecimal digit, and more than 15 for anything else.
func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}
