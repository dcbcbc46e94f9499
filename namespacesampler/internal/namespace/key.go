// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind is an index into the queries of a database. Keys of one kind are looked up by one query.
type Kind uint8

// Format defines which keys are well-formed, so that no key from telemetry makes a query fail.
type Format uint8

const (
	// FormatText is UTF-8 of 1 to 256 bytes without NUL.
	FormatText Format = iota
	// FormatUUID is 8-4-4-4-12 hexadecimal digits in either case.
	FormatUUID
)

// maxKeyBytes is the maximum length of a key.
const maxKeyBytes = 256

// Key is an identifier in telemetry that a query maps to a namespace. Keys are comparable. A UUID is stored as its 16 bytes, so
// that its case does not matter and the cache stays small.
type Key struct {
	text string
	uuid [16]byte
	kind Kind
	form Format
}

// Reasons why a text is malformed as a key. They do not repeat the text, which comes from telemetry.
var (
	errEmpty   = errors.New("it is empty")
	errTooLong = fmt.Errorf("it is longer than %d bytes", maxKeyBytes)
	errNUL     = errors.New("it holds a NUL character")
	errNotUTF8 = errors.New("it is not valid UTF-8")
	errNotUUID = errors.New("it is not a UUID in the form of 8-4-4-4-12 hexadecimal digits")
)

// NewKey returns the key of a kind. The error says why the text is malformed. The key may share memory with the text.
func NewKey(kind Kind, format Format, text string) (Key, error) {
	key := Key{kind: kind, form: format}
	if format == FormatUUID {
		return key, parseUUID(text, &key.uuid)
	}
	switch {
	case text == "":
		return key, errEmpty
	case len(text) > maxKeyBytes:
		return key, errTooLong
	case strings.IndexByte(text, 0) >= 0:
		return key, errNUL
	case !utf8.ValidString(text):
		return key, errNotUTF8
	}
	key.text = text
	return key, nil
}

// Kind returns the kind of the key.
func (k Key) Kind() Kind { return k.kind }

// String returns the key as it is sent to Postgres: a UUID in lower case, other keys unchanged.
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

// detached returns the key with memory of its own, so that it does not retain telemetry.
func (k Key) detached() Key {
	k.text = strings.Clone(k.text)
	return k
}

// parseUUID parses the 8-4-4-4-12 form, the only well-formed one.
func parseUUID(text string, out *[16]byte) error {
	if text == "" {
		return errEmpty
	}
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return errNotUUID
	}
	var digits [32]byte
	copy(digits[:], text[:8])
	copy(digits[8:], text[9:13])
	copy(digits[12:], text[14:18])
	copy(digits[16:], text[19:23])
	copy(digits[20:], text[24:])
	if _, err := hex.Decode(out[:], digits[:]); err != nil {
		return errNotUUID
	}
	return nil
}
