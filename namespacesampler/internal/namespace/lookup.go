// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Lookup is an attribute that holds a key: a string as it is, or an integer in decimal.
type Lookup struct {
	Attribute string
	Kind      Kind
	Format    Format
}

// lookupReader reads the keys of a lookup attribute.
type lookupReader struct {
	Lookup
	onMalformed  func(attribute string, reason error) // may be nil
	hasMalformed atomic.Bool                          // onMalformed has been called
}

// parsed is the last value of an attribute with its key. Items of a task arrive together, so that most have the same value as the
// item before.
type parsed struct {
	text      string // of a string, or of an integer in decimal
	integer   int64
	isInteger bool
	key       Key
	ok        bool // the value is well-formed
}

// read reads a key into p and reports whether the attribute is present.
func (l *lookupReader) read(attributes pcommon.Map, p *parsed) (carries bool) {
	v, ok := attributes.Get(l.Attribute)
	if !ok {
		return false
	}
	switch v.Type() {
	case pcommon.ValueTypeStr:
		p.isInteger = false
		l.parse(p, v.Str())
	case pcommon.ValueTypeInt:
		if n := v.Int(); !p.isInteger || p.integer != n {
			p.integer, p.isInteger = n, true
			l.parse(p, strconv.FormatInt(n, 10))
		}
	default:
		*p = parsed{}
	}
	if !p.ok && !l.hasMalformed.Load() {
		l.reportMalformed(v)
	}
	return true
}

func (l *lookupReader) parse(p *parsed, text string) {
	if p.text != text { // the zero value is correct for the empty text, which is malformed in every format
		key, err := NewKey(l.Kind, l.Format, text)
		p.text, p.key, p.ok = text, key, err == nil
	}
}

// reportMalformed reports the first malformed value.
func (l *lookupReader) reportMalformed(v pcommon.Value) {
	if l.hasMalformed.Swap(true) || l.onMalformed == nil {
		return
	}
	var reason error
	switch v.Type() {
	case pcommon.ValueTypeStr, pcommon.ValueTypeInt:
		_, reason = NewKey(l.Kind, l.Format, v.AsString())
	default:
		reason = fmt.Errorf("it is of type %s, and keys are strings or integers", strings.ToLower(v.Type().String()))
	}
	l.onMalformed(l.Attribute, reason)
}
