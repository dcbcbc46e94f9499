// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const someUUID = "019a7f3c-0d5e-7abc-8def-0123456789af"

func TestAUUIDInEitherCaseIsTheSameKey(t *testing.T) {
	lower, err := NewKey(3, FormatUUID, someUUID)
	require.NoError(t, err)
	for _, text := range []string{strings.ToUpper(someUUID), "019A7f3C-0d5E-7aBc-8DEF-0123456789Af"} {
		key, err := NewKey(3, FormatUUID, text)
		require.NoError(t, err, text)
		assert.Equal(t, lower, key)
		assert.True(t, lower == key, "keys are compared by ==")
		assert.Equal(t, someUUID, key.String(), "Postgres is asked in lower case")
	}
	assert.Equal(t, Kind(3), lower.Kind())
}

func TestKeysDifferByEachDigitAndByKind(t *testing.T) {
	base := strings.Repeat("0", 8) + "-0000-0000-0000-" + strings.Repeat("0", 12)
	seen := map[Key]string{}
	for i := range base {
		if base[i] == '-' {
			continue
		}
		text := base[:i] + "1" + base[i+1:]
		key, err := NewKey(0, FormatUUID, text)
		require.NoError(t, err)
		assert.Equal(t, text, key.String())
		assert.Empty(t, seen[key], text)
		seen[key] = text
	}
	assert.Len(t, seen, 32)

	one, _ := NewKey(1, FormatUUID, base)
	two, _ := NewKey(2, FormatUUID, base)
	assert.NotEqual(t, one, two)
	text, _ := NewKey(1, FormatText, base)
	assert.NotEqual(t, one, text)
}

func TestMalformedUUIDs(t *testing.T) {
	for name, text := range map[string]string{
		"empty":                        "",
		"one digit too few":            someUUID[:35],
		"one digit too many":           someUUID + "0",
		"without hyphens":              strings.ReplaceAll(someUUID, "-", ""),
		"without hyphens, 36 digits":   strings.ReplaceAll(someUUID, "-", "0"),
		"first hyphen missing":         strings.Replace(someUUID, "-", "0", 1),
		"last hyphen missing":          someUUID[:23] + "0" + someUUID[24:],
		"hyphen early":                 "019a7f3-c0d5e-7abc-8def-0123456789af",
		"hyphen for a digit":           "019a7f3c-0d5e-7abc-8def-01234567-9af",
		"hyphens for two digits":       "019a7f3c-0d5e-7abc-8def-01234567--af",
		"hyphen for the last digit":    someUUID[:35] + "-",
		"hyphen for the first digit":   "-" + someUUID[1:],
		"only hyphens":                 strings.Repeat("-", 36),
		"letter after f":               "g" + someUUID[1:],
		"capital letter after F":       someUUID[:35] + "G",
		"character before 0":           "/" + someUUID[1:],
		"character after 9":            ":" + someUUID[1:],
		"character before A":           "@" + someUUID[1:],
		"character before a":           "`" + someUUID[1:],
		"space":                        someUUID[:35] + " ",
		"braces":                       "{" + someUUID[:34] + "}",
		"URN":                          "urn:uuid:" + someUUID,
		"underscores":                  strings.ReplaceAll(someUUID, "-", "_"),
		"NUL":                          "\x00" + someUUID[1:],
		"digits of two bytes":          "019a7f3c-0d5e-7abc-8def-01234567\u0665\u0665",
		"36 runes of more bytes":       "٠" + someUUID[1:],
		"invalid UTF-8":                "\xff" + someUUID[1:],
		"the first of a pair is wrong": someUUID[:34] + "xa",
		"a word":                       "unknown",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewKey(0, FormatUUID, text)
			assert.Error(t, err, "%q", text)
		})
	}
}

func TestTextKeys(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want bool
	}{
		"a word":                     {"order-17", true},
		"one byte":                   {"x", true},
		"a space":                    {" ", true},
		"empty":                      {"", false},
		"256 bytes":                  {strings.Repeat("x", 256), true},
		"257 bytes":                  {strings.Repeat("x", 257), false},
		"256 bytes of two each":      {strings.Repeat("é", 128), true},
		"257 bytes, fewer runes":     {strings.Repeat("é", 128) + "x", false},
		"NUL alone":                  {"\x00", false},
		"NUL at the end":             {"order\x00", false},
		"invalid UTF-8":              {"order\xff", false},
		"UTF-8 cut off":              {"order\xe2\x82", false},
		"surrogate":                  {"\xed\xa0\x80", false},
		"overlong NUL":               {"\xc0\x80", false},
		"the replacement character":  {"\ufffd", true},
		"quotes, braces, backslash":  {`{"a",b}\'`, true},
		"control characters":         {"\x01\n\t\x7f", true},
		"outside of the basic plane": {"🦀", true},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := NewKey(7, FormatText, test.text)
			require.Equal(t, test.want, err == nil)
			if err == nil {
				assert.Equal(t, test.text, key.String())
				assert.Equal(t, Kind(7), key.Kind())
			}
		})
	}
	upper, _ := NewKey(0, FormatText, "A")
	lower, _ := NewKey(0, FormatText, "a")
	assert.NotEqual(t, upper, lower, "text is taken as it is")
}

func TestKeysAllocateNothing(t *testing.T) {
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = NewKey(0, FormatUUID, someUUID) }))
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = NewKey(0, FormatText, someUUID) }))
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

func FuzzNewKey(f *testing.F) {
	for _, text := range []string{
		"", someUUID, strings.ToUpper(someUUID), someUUID[:35] + "-", strings.Repeat("é", 128), "a\x00b", "\xff",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		uuid, err := NewKey(1, FormatUUID, text)
		require.Equal(t, uuidForm.MatchString(text), err == nil)
		if err == nil {
			require.Equal(t, strings.ToLower(text), uuid.String())
			again, err := NewKey(1, FormatUUID, uuid.String())
			require.NoError(t, err)
			require.Equal(t, uuid, again)
		}
		key, err := NewKey(1, FormatText, text)
		require.Equal(t, len(text) >= 1 && len(text) <= 256 && utf8.ValidString(text) && !strings.Contains(text, "\x00"), err == nil)
		if err == nil {
			require.Equal(t, text, key.String())
			require.Equal(t, key, key.detached())
		}
	})
}
