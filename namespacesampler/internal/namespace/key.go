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
	var all byte // bits of all digits
	for n, at := range uuidBytes {
		high, low := hexDigits[text[at]], hexDigits[text[at+1]]
		out[n] = high<<4 | low
		all |= high | low
	}
	return all < 16
}

// uuidBytes is where the bytes of a UUID are in its text.
var uuidBytes = [16]uint8{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// hexDigits are the values of hexadecimal digits in either case, and 16 for anything else.
var hexDigits = func() (values [256]byte) {
	for c := range values {
		values[c] = 16
	}
	for value, c := range []byte("0123456789abcdef") {
		values[c] = byte(value)
	}
	for value, c := range []byte("ABCDEF") {
		values[c] = byte(10 + value)
	}
	return values
}()
