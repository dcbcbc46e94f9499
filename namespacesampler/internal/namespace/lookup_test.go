// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// keysOf reads the first keys of items in one scope.
func keysOf(t *testing.T, r *Reader, items ...attributes) (keys []string) {
	t.Helper()
	var s Surroundings
	r.Surround(&s, pcommon.NewMap(), pcommon.NewMap())
	for _, item := range items {
		text := ""
		if f := r.Key(item.pdata(t), &s, 0); f.Key != nil {
			text = f.Key.String()
		}
		keys = append(keys, text)
	}
	return keys
}

func TestIntegersAreKeysInDecimal(t *testing.T) {
	assert.Equal(t, []string{"0", "42", "42", "-1", "-9223372036854775808", "9223372036854775807"}, keysOf(t, testReader(),
		attributes{"order": 0}, attributes{"order": 42}, attributes{"order": 42}, attributes{"order": -1},
		attributes{"order": math.MinInt64}, attributes{"order": math.MaxInt64}))
}

// A client that sends numbers and one that sends strings mean the same row.
func TestAnIntegerAndItsTextAreTheSameKey(t *testing.T) {
	r := testReader()
	var s Surroundings
	r.Surround(&s, pcommon.NewMap(), pcommon.NewMap())
	var keys []Key
	for _, value := range []any{42, "42", 42, 43, "42"} {
		keys = append(keys, *r.Key(attributes{"order": value}.pdata(t), &s, 0).Key)
	}
	assert.Equal(t, keys[0], keys[1])
	assert.Equal(t, keys[0], keys[2])
	assert.NotEqual(t, keys[0], keys[3])
	assert.Equal(t, keys[0], keys[4])
}

func TestTheNextKeyIsThatOfTheNextLookup(t *testing.T) {
	r := testReader()
	item := attributes{"order": 7, "task_uuid": task}
	for name, test := range map[string]struct {
		resource attributes
		want     []string
	}{
		"of the item":     {attributes{}, []string{task, "7"}},
		"of the resource": {attributes{"step_uuid": step}, []string{task, step, "7"}},
		"not of the attribute that was read, although the resource has another value": {
			attributes{"task_uuid": step, "order": 8}, []string{task, "7"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s Surroundings
			r.Surround(&s, pcommon.NewMap(), test.resource.pdata(t))
			var keys []string
			for next := 0; ; {
				f := r.Key(item.pdata(t), &s, next)
				if f.Key == nil {
					break
				}
				keys, next = append(keys, f.Key.String()), f.Next
			}
			assert.Equal(t, test.want, keys)
			assert.Equal(t, Finding{Next: 3}, r.Key(item.pdata(t), &s, 3), "reading does not begin anew")
		})
	}
}

func TestTheFirstMalformedKeyOfALookupIsReportedWithTheReason(t *testing.T) {
	for name, test := range map[string]struct {
		item attributes
		want string
	}{
		"empty":        {attributes{"order": ""}, "order: it is empty"},
		"too long":     {attributes{"order": strings.Repeat("x", 257)}, "order: it is longer than 256 bytes"},
		"NUL":          {attributes{"order": "a\x00"}, "order: it holds a NUL character"},
		"no UTF-8":     {attributes{"order": "a\xff"}, "order: it is not valid UTF-8"},
		"a double":     {attributes{"order": 4.5}, "order: it is of type double, and keys are strings or integers"},
		"a bool":       {attributes{"order": true}, "order: it is of type bool, and keys are strings or integers"},
		"bytes":        {attributes{"order": []byte("7")}, "order: it is of type bytes, and keys are strings or integers"},
		"a slice":      {attributes{"order": []any{"7"}}, "order: it is of type slice, and keys are strings or integers"},
		"a map":        {attributes{"order": map[string]any{}}, "order: it is of type map, and keys are strings or integers"},
		"no value":     {attributes{"order": nil}, "order: it is of type empty, and keys are strings or integers"},
		"no UUID":      {attributes{"task_uuid": "7"}, "task_uuid: it is not a UUID in the form of 8-4-4-4-12 hexadecimal digits"},
		"an empty one": {attributes{"task_uuid": ""}, "task_uuid: it is empty"},
		"an integer":   {attributes{"task_uuid": 7}, "task_uuid: it is not a UUID in the form of 8-4-4-4-12 hexadecimal digits"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testReaderConfig()
			var reports []string
			cfg.Malformed = func(attribute string, reason error) { reports = append(reports, attribute+": "+reason.Error()) }
			r := NewReader(cfg)
			for range 2 {
				keysOf(t, r, test.item, test.item)
			}
			assert.Equal(t, []string{test.want}, reports)
		})
	}
}

func TestEachLookupReportsAMalformedKeyOfItsOwn(t *testing.T) {
	cfg := testReaderConfig()
	var reports []string
	cfg.Malformed = func(attribute string, _ error) { reports = append(reports, attribute) }
	keysOf(t, NewReader(cfg), attributes{"task_uuid": "x", "order": true}, attributes{"task_uuid": "y", "order": ""})
	assert.Equal(t, []string{"task_uuid", "order"}, reports)
}

func TestResolvedNamespacesAreWrittenWhereNoneIs(t *testing.T) {
	for name, test := range map[string]struct {
		target    string
		item      attributes
		want      any // at the target
		isChanged bool
	}{
		"absent":                               {"namespace", attributes{}, "a", true},
		"a missing value":                      {"namespace", attributes{"namespace": "unknown"}, "a", true},
		"no string, which is no namespace":     {"namespace", attributes{"namespace": 7}, "a", true},
		"absent, another attribute":            {"team", attributes{"namespace": "unknown"}, "a", true},
		"a missing value in another attribute": {"team", attributes{"team": "unknown"}, "a", true},
		"a value of another attribute":         {"team", attributes{"team": "blue"}, "blue", false},
		"an int of another attribute":          {"team", attributes{"team": 7}, int64(7), false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testReaderConfig()
			cfg.WriteTo = test.target
			r := NewReader(cfg)
			assert.Equal(t, test.target, r.Target())
			m := test.item.pdata(t)
			before := m.AsRaw()
			r.Write(m, "a")
			assert.Equal(t, test.want, m.AsRaw()[test.target])
			delete(before, test.target)
			after := m.AsRaw()
			delete(after, test.target)
			assert.Equal(t, before, after, "nothing else")
		})
	}
}
