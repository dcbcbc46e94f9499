// SPDX-License-Identifier: Apache-2.0

package group

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// vectors are keys with their randomness: the first 14 digits of what xxhsum -H1 prints.
var vectors = map[string]string{
	"0199c3e0-ccdb-7581-87ab-000000000001": "8b22b130bd610c",
	"0199C3E0-CCDB-7581-87aB-000000000001": "8b22b130bd610c", // of the key in lower case
	"0199c3e0-ccdb-7581-87ab-00000000abcd": "1c4245dcea6ee6",
	"order-4711":                           "48309ceca8bf3e",
	"42":                                   "6de6f5d076d742",
	"Zürich":                               "85f1debcbb1a82",
}

func TestTheRandomnessOfAGroupIsThatOfOtherImplementations(t *testing.T) { // G2
	for key, want := range vectors {
		assert.Equal(t, want, Of(key).Randomness().RValue(), key)
		assert.Equal(t, want, string(Of(key).AppendRandomness(nil)), key)
	}
}

func TestOnlyUUIDsAreHashedInLowerCase(t *testing.T) { // G1
	const uuid = "0199c3e0-ccdb-7581-87ab-00000000abcd"
	for _, key := range []string{
		"ORDER", "0199c3e0-ccdb-7581-87ab-00000000abcg", "0199c3e0-ccdb-7581-87ab00000000-abcd", "0199c3e0ccdb758187ab00000000abcd", uuid + "e", "{" + uuid + "}",
	} {
		upper := strings.ToUpper(key)
		if upper == key {
			upper = strings.ToLower(key)
		}
		assert.NotEqual(t, Of(key), Of(upper), key)
	}
	assert.Equal(t, Of(uuid), Of(strings.ToUpper(uuid)))
}

func TestAGroupIsKnownOverruledOrBoth(t *testing.T) {
	g := Of("a")
	for _, tt := range []struct {
		g                               Group
		known, overruled, settled, does bool
	}{
		{0, false, false, false, false},
		{g, true, false, true, true},
		{Group(0).Overruled(), false, true, true, false},
		{g.Overruled(), true, true, true, false},
	} {
		assert.Equal(t, []bool{tt.known, tt.overruled, tt.settled, tt.does},
			[]bool{tt.g.IsKnown(), tt.g.IsOverruled(), tt.g.IsSettled(), tt.g.Decides()})
	}
	assert.Equal(t, g.Randomness(), g.Overruled().Randomness())
}

func TestTheFirstGroupStaysAndWhatIsOverruledStaysSo(t *testing.T) { // G3, G4
	a, b := Of("a"), Of("b")
	none := Group(0)
	for _, tt := range []struct{ first, then, want Group }{
		{none, none, none},
		{none, a, a},
		{a, none, a},
		{a, b, a},
		{a, b.Overruled(), a.Overruled()},
		{a.Overruled(), b, a.Overruled()},
		{none.Overruled(), a, a.Overruled()},
		{none, a.Overruled(), a.Overruled()},
		{a, none.Overruled(), a.Overruled()},
	} {
		assert.Equal(t, tt.want, tt.first.With(tt.then))
	}
}

func attributes(t *testing.T, values map[string]any) pcommon.Map {
	t.Helper()
	m := pcommon.NewMap()
	require.NoError(t, m.FromRaw(values))
	return m
}

func TestTheGroupIsThatOfTheFirstAttributeWithAKey(t *testing.T) { // G1
	reader := NewReader(Config{Attributes: []string{"order", "workflow"}, MissingValues: []string{"unknown"}})
	type values = map[string]any
	for name, tt := range map[string]struct {
		item, scope, resource values
		want                  string // a key, or none
	}{
		"none":                       {want: ""},
		"other attributes":           {item: values{"correlation_id": "a"}, want: ""},
		"the item":                   {item: values{"order": "a"}, scope: values{"order": "b"}, resource: values{"order": "c"}, want: "a"},
		"the scope":                  {scope: values{"order": "b"}, resource: values{"order": "c"}, want: "b"},
		"the resource":               {resource: values{"order": "c"}, want: "c"},
		"the second attribute":       {item: values{"workflow": "a"}, want: "a"},
		"the first attribute wins":   {item: values{"workflow": "a"}, resource: values{"order": "c"}, want: "c"},
		"an integer":                 {item: values{"order": 42}, want: "42"},
		"a negative integer":         {item: values{"order": -7}, want: "-7"},
		"an upper-case UUID":         {item: values{"order": "0199C3E0-CCDB-7581-87AB-00000000ABCD"}, want: "0199c3e0-ccdb-7581-87ab-00000000abcd"},
		"256 bytes":                  {item: values{"order": strings.Repeat("x", 256)}, want: strings.Repeat("x", 256)},
		"257 bytes are no key":       {item: values{"order": strings.Repeat("x", 257)}, scope: values{"order": "b"}, want: "b"},
		"an empty text is no key":    {item: values{"order": ""}, scope: values{"order": "b"}, want: "b"},
		"a missing value is no key":  {item: values{"order": "unknown"}, resource: values{"workflow": "b"}, want: "b"},
		"invalid UTF-8 is no key":    {item: values{"order": "\xff"}, want: ""},
		"a number is no key":         {item: values{"order": 1.5}, want: ""},
		"a boolean is no key":        {item: values{"order": true, "workflow": "b"}, want: "b"},
		"a list is no key":           {scope: values{"order": []any{"a"}}, resource: values{"order": "c"}, want: "c"},
		"NUL is as good as any byte": {item: values{"order": "a\x00"}, want: "a\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			var want Group
			if tt.want != "" {
				want = Of(tt.want)
			}
			var s Surroundings
			reader.Surround(&s, attributes(t, tt.scope), attributes(t, tt.resource))
			for range 2 {
				assert.Equal(t, want, reader.Read(attributes(t, tt.item), &s))
			}
		})
	}
}

// The last key of an attribute is remembered, since items of a group come together.
func TestManyItemsOfAScopeHaveTheirOwnGroups(t *testing.T) {
	reader := NewReader(Config{Attributes: []string{"order"}})
	var s Surroundings
	reader.Surround(&s, attributes(t, nil), attributes(t, map[string]any{"order": "outer"}))
	for range 1000 {
		keys := []any{"a", "b", "", 7, "\xff", nil}
		key := keys[rand.IntN(len(keys))]
		values, want := map[string]any{"order": key}, Of("outer")
		switch key {
		case "a", "b":
			want = Of(key.(string))
		case 7:
			want = Of("7")
		case nil:
			values = nil
		}
		require.Equal(t, want, reader.Read(attributes(t, values), &s), key)
	}
	reader.Surround(&s, attributes(t, nil), attributes(t, nil))
	assert.Zero(t, reader.Read(attributes(t, nil), &s), "another scope")
}

func TestWithoutAttributesNothingHasAGroup(t *testing.T) {
	var none *Reader
	assert.False(t, none.IsActive())
	assert.False(t, NewReader(Config{}).IsActive())
	assert.True(t, NewReader(Config{Attributes: []string{"a"}}).IsActive())
}

func TestReadingAGroupAllocatesNothing(t *testing.T) {
	reader := NewReader(Config{Attributes: []string{"order"}, MissingValues: []string{"", "unknown"}})
	a, b := attributes(t, map[string]any{"order": "0199C3E0-CCDB-7581-87AB-00000000ABCD"}), attributes(t, map[string]any{"order": "b"})
	var s Surroundings
	reader.Surround(&s, attributes(t, nil), attributes(t, nil))
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		reader.Read(a, &s)
		reader.Read(b, &s)
	}))
}

func FuzzGroup(f *testing.F) {
	f.Add("0199C3E0-CCDB-7581-87AB-00000000ABCD")
	f.Add("a\x00\xff")
	reader := NewReader(Config{Attributes: []string{"order"}, MissingValues: []string{"unknown"}})
	f.Fuzz(func(t *testing.T, key string) {
		g := reader.Of(key)
		require.Equal(t, reader.IsKey(key), g.IsKnown())
		require.Equal(t, g, reader.Of(key))
		if g.IsKnown() {
			require.Len(t, g.AppendRandomness(nil), RandomnessDigits)
			require.Equal(t, g.Randomness().RValue(), string(g.AppendRandomness(nil)))
			require.False(t, g.IsOverruled())
		}
	})
}
