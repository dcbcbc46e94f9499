// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

type attributes map[string]any

func (a attributes) pdata(t testing.TB) pcommon.Map {
	m := pcommon.NewMap()
	require.NoError(t, m.FromRaw(a))
	return m
}

const (
	task = "019a7f3c-0000-7000-8000-000000000001"
	step = "019a7f3c-0000-7000-8000-000000000002"
)

// testReader has two attributes for the namespace and three lookups, two of UUIDs and one of text.
func testReader() *Reader {
	return NewReader(testReaderConfig())
}

func testReaderConfig() ReaderConfig {
	return ReaderConfig{
		Attributes: []string{"namespace", "tenant"}, MissingValues: []string{"", "unknown"}, WriteTo: "namespace",
		Lookups: []Lookup{
			{Attribute: "task_uuid", Kind: 0, Format: FormatUUID},
			{Attribute: "step_uuid", Kind: 1, Format: FormatUUID},
			{Attribute: "order", Kind: 2, Format: FormatText},
		},
	}
}

func key(t testing.TB, kind Kind, format Format, text string) Key {
	k, err := NewKey(kind, format, text)
	require.NoError(t, err, text)
	return k
}

func TestReadFindsTheNamespace(t *testing.T) {
	for name, test := range map[string]struct {
		item, scope, resource attributes
		want                  string // "" for none
	}{
		"nothing":                     {},
		"on the item":                 {item: attributes{"namespace": "payments"}, want: "payments"},
		"on the scope":                {scope: attributes{"namespace": "payments"}, want: "payments"},
		"on the resource":             {resource: attributes{"namespace": "payments"}, want: "payments"},
		"the item over the scope":     {item: attributes{"namespace": "a"}, scope: attributes{"namespace": "b"}, want: "a"},
		"the scope over the resource": {scope: attributes{"namespace": "a"}, resource: attributes{"namespace": "b"}, want: "a"},
		"the item over the resource":  {item: attributes{"namespace": "a"}, resource: attributes{"namespace": "b"}, want: "a"},
		"the second attribute":        {item: attributes{"tenant": "a"}, want: "a"},
		"the first over the second":   {item: attributes{"tenant": "b", "namespace": "a"}, want: "a"},
		"the first on the resource over the second on the item": {
			item: attributes{"tenant": "b"}, resource: attributes{"namespace": "a"}, want: "a",
		},
		"the first on the scope over the second on the item": {
			item: attributes{"tenant": "b"}, scope: attributes{"namespace": "a"}, want: "a",
		},
		"unknown is missing":       {item: attributes{"namespace": "unknown"}},
		"empty is missing":         {item: attributes{"namespace": ""}},
		"case matters for missing": {item: attributes{"namespace": "Unknown"}, want: "Unknown"},
		"a missing-value on the item lets the scope speak": {
			item: attributes{"namespace": "unknown"}, scope: attributes{"namespace": "a"}, want: "a",
		},
		"a missing-value on the scope lets the resource speak": {
			scope: attributes{"namespace": ""}, resource: attributes{"namespace": "a"}, want: "a",
		},
		"a missing-value everywhere lets the second attribute speak": {
			item: attributes{"namespace": "unknown"}, resource: attributes{"namespace": "unknown", "tenant": "a"}, want: "a",
		},
		"an int is missing":                 {item: attributes{"namespace": 7}, resource: attributes{"namespace": "a"}, want: "a"},
		"a double is missing":               {item: attributes{"namespace": 7.5}, scope: attributes{"namespace": "a"}, want: "a"},
		"a bool is missing":                 {item: attributes{"namespace": true}, resource: attributes{"namespace": "a"}, want: "a"},
		"bytes are missing":                 {item: attributes{"namespace": []byte("b")}, resource: attributes{"namespace": "a"}, want: "a"},
		"a map is missing":                  {item: attributes{"namespace": map[string]any{"b": "b"}}, resource: attributes{"namespace": "a"}, want: "a"},
		"a slice is missing":                {item: attributes{"namespace": []any{"b"}}, resource: attributes{"namespace": "a"}, want: "a"},
		"an empty value is missing":         {item: attributes{"namespace": nil}, resource: attributes{"namespace": "a"}, want: "a"},
		"an int on the resource is missing": {resource: attributes{"namespace": 7}},
		"a name over a key":                 {item: attributes{"task_uuid": task}, resource: attributes{"tenant": "a"}, want: "a"},
	} {
		t.Run(name, func(t *testing.T) {
			r := testReader()
			var s Surroundings
			r.Surround(&s, test.scope.pdata(t), test.resource.pdata(t))
			name, ok := r.Name(test.item.pdata(t), &s)
			assert.Equal(t, test.want != "", ok)
			if ok {
				assert.Equal(t, test.want, name)
			}
		})
	}
}

func TestTheEmptyNameIsMissingWhateverIsConfigured(t *testing.T) {
	cfg := testReaderConfig()
	cfg.MissingValues = nil
	r := NewReader(cfg)
	var s Surroundings
	r.Surround(&s, pcommon.NewMap(), attributes{"namespace": ""}.pdata(t))
	name, ok := r.Name(attributes{"namespace": "", "tenant": "a"}.pdata(t), &s)
	assert.True(t, ok)
	assert.Equal(t, "a", name)
}

func TestReadFindsTheKey(t *testing.T) {
	taskKey, stepKey := key(t, 0, FormatUUID, task), key(t, 1, FormatUUID, step)
	orderKey := func(text string) *Key {
		k := key(t, 2, FormatText, text)
		return &k
	}
	for name, test := range map[string]struct {
		item, scope, resource attributes
		want                  Finding
		malformed             int // of the resource
	}{
		"nothing": {},
		"on the item": {
			item: attributes{"task_uuid": task}, want: Finding{Key: &taskKey, Carries: true},
		},
		"on the resource": {
			resource: attributes{"task_uuid": task}, want: Finding{Key: &taskKey, Carries: true},
		},
		"not on the scope, which makes the item a detailed one all the same": {
			scope: attributes{"task_uuid": task}, want: Finding{Carries: true},
		},
		"the item over the resource": {
			item: attributes{"order": "1"}, resource: attributes{"order": "2"},
			want: Finding{Key: orderKey("1"), Carries: true},
		},
		"the first lookup over the second": {
			item: attributes{"step_uuid": step, "task_uuid": task}, want: Finding{Key: &taskKey, Carries: true},
		},
		"the first lookup on the resource over the second on the item": {
			item: attributes{"step_uuid": step}, resource: attributes{"task_uuid": task},
			want: Finding{Key: &taskKey, Carries: true},
		},
		"a malformed one is counted and passed over": {
			item: attributes{"task_uuid": "nope", "step_uuid": step},
			want: Finding{Key: &stepKey, Carries: true, Malformed: 1},
		},
		"a malformed one on the item lets the resource speak": {
			item: attributes{"task_uuid": "nope"}, resource: attributes{"task_uuid": task},
			want: Finding{Key: &taskKey, Carries: true, Malformed: 1},
		},
		"all malformed": {
			item: attributes{"task_uuid": "nope", "step_uuid": "", "order": "\x00"},
			want: Finding{Carries: true, Malformed: 3},
		},
		"malformed after the first well-formed does not matter": {
			item: attributes{"task_uuid": task, "step_uuid": "nope"}, want: Finding{Key: &taskKey, Carries: true},
		},
		"malformed on the resource is counted there": {
			resource: attributes{"task_uuid": "nope"}, want: Finding{Carries: true}, malformed: 1,
		},
		"an int is a key in decimal": {
			item: attributes{"order": 7}, want: Finding{Key: orderKey("7"), Carries: true},
		},
		"a negative int, on the resource": {
			resource: attributes{"order": -7}, want: Finding{Key: orderKey("-7"), Carries: true},
		},
		"an int is no UUID": {
			item: attributes{"task_uuid": 7}, want: Finding{Carries: true, Malformed: 1},
		},
		"a double is malformed": {
			item: attributes{"order": 7.0}, want: Finding{Carries: true, Malformed: 1},
		},
		"a bool is malformed": {
			item: attributes{"order": true}, want: Finding{Carries: true, Malformed: 1},
		},
		"the bytes of a UUID are malformed": {
			item: attributes{"task_uuid": []byte("0123456789abcdef")}, want: Finding{Carries: true, Malformed: 1},
		},
		"a map is malformed": {
			item: attributes{"task_uuid": map[string]any{"task_uuid": task}}, want: Finding{Carries: true, Malformed: 1},
		},
		"a missing-value for the namespace lets the key speak": {
			item: attributes{"namespace": "unknown", "task_uuid": task},
			want: Finding{Key: &taskKey, Carries: true},
		},
		"missing-values are only of namespaces": {
			item: attributes{"order": "unknown"},
			want: Finding{Key: orderKey("unknown"), Carries: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := testReader()
			var s Surroundings
			r.Surround(&s, test.scope.pdata(t), test.resource.pdata(t))
			_, named := r.Name(test.item.pdata(t), &s)
			assert.False(t, named)
			found := r.Key(test.item.pdata(t), &s, 0)
			found.Next = 0 // see TestTheNextKeyIsThatOfTheNextLookup
			assert.Equal(t, test.want, found)
			assert.Equal(t, test.malformed, s.Malformed)
		})
	}
}

func TestSurroundingsAreReused(t *testing.T) {
	r := testReader()
	var s Surroundings
	empty := pcommon.NewMap()
	r.Surround(&s, attributes{"namespace": "a"}.pdata(t), attributes{"task_uuid": "nope"}.pdata(t))
	name, ok := r.Name(empty, &s)
	assert.True(t, ok)
	assert.Equal(t, "a", name)
	assert.Equal(t, 1, s.Malformed)

	r.Surround(&s, empty, empty)
	_, ok = r.Name(empty, &s)
	assert.False(t, ok, "nothing of the last scope is left")
	assert.Equal(t, Finding{Next: 3}, r.Key(empty, &s, 0), "nothing of the last scope is left")
	assert.Zero(t, s.Malformed)

	r.Surround(&s, empty, attributes{"namespace": "b"}.pdata(t))
	s.Reset()
	assert.Zero(t, cap(s.names)-2, "memory is kept")
	assert.Equal(t, named{}, s.names[:1][0], "but no telemetry")
}

func TestReadAllocatesNothing(t *testing.T) {
	r := testReader()
	var s Surroundings
	item, scope := attributes{"x": 1, "order": "7"}.pdata(t), pcommon.NewMap()
	resource := attributes{"y": 1, "task_uuid": task}.pdata(t)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		r.Surround(&s, scope, resource)
		_, _ = r.Name(item, &s)
		_ = r.Key(item, &s, 0)
	}))
}

func TestIsMissing(t *testing.T) {
	r := testReader()
	value := func(raw any) pcommon.Value {
		v := pcommon.NewValueEmpty()
		require.NoError(t, v.FromRaw(raw))
		return v
	}
	assert.True(t, r.IsMissing("namespace", value("unknown")))
	assert.True(t, r.IsMissing("tenant", value("")))
	assert.False(t, r.IsMissing("namespace", value("payments")))
	assert.False(t, r.IsMissing("order", value("unknown")), "no attribute for namespaces")
	assert.False(t, r.IsMissing("namespace", value(7)), "another type is not merged with absent series")
	assert.True(t, r.IsMissingName("unknown"))
	assert.False(t, r.IsMissingName("payments"))
}
