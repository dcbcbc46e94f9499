// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// session returns the bytes that a client sends, encoded by pgx, and the message types in them.
func session(t testing.TB) (stream []byte, types string) {
	t.Helper()
	for _, message := range []pgproto3.FrontendMessage{
		&pgproto3.GSSEncRequest{},
		&pgproto3.SSLRequest{},
		&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "a"}},
		&pgproto3.PasswordMessage{Password: "SSSSQQQQ"},
		&pgproto3.Parse{Query: "SELECT $1"},
		&pgproto3.Bind{Parameters: [][]byte{[]byte("S\x00\x00\x00\x04")}},
		&pgproto3.Execute{},
		&pgproto3.Sync{},
		&pgproto3.Query{String: "SELECT 1"},
		&pgproto3.CopyData{Data: make([]byte, 1000)},
		&pgproto3.Terminate{},
	} {
		var err error
		stream, err = message.Encode(stream)
		require.NoError(t, err)
	}
	return stream, "\x00pPBESQdX"
}

func TestTheParserFindsEveryMessageWhereverReadsEnd(t *testing.T) {
	t.Parallel()
	stream, want := session(t)
	for size := 1; size <= len(stream); size++ {
		var p frontendParser
		var got []byte
		for rest := stream; len(rest) > 0; {
			n := min(size, len(rest))
			require.NoError(t, p.feed(rest[:n], func(messageType byte) { got = append(got, messageType) }))
			rest = rest[n:]
		}
		require.Equal(t, want, string(got), "in reads of %d bytes", size)
	}
}

func TestTheParserRefuses(t *testing.T) {
	t.Parallel()
	const begun = "\x00\x00\x00\x08\x00\x03\x00\x00"
	tests := map[string]struct{ stream, want string }{
		"a startup packet shorter than its head": {"\x00\x00\x00\x07\x00\x03\x00\x00", "want 8 or more"},
		"another protocol":                       {"\x00\x00\x00\x08\x00\x02\x00\x00", "want protocol 3"},
		"a TLS handshake":                        {"\x16\x03\x01\x02\x00\x01\x00\x01", "sslmode=disable"},
		"a message shorter than its head":        {begun + "S\x00\x00\x00\x03", "want 4 or more"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var p frontendParser
			assert.ErrorContains(t, p.feed([]byte(test.stream), func(byte) {}), test.want)
		})
	}
}

// FuzzFrontendParser asserts that the parser does not panic and that its result does not depend on where reads end.
func FuzzFrontendParser(f *testing.F) {
	stream, _ := session(f)
	f.Add(stream, uint8(3))
	f.Add([]byte("\x16\x03\x01\x02\x00\x01\x00\x01"), uint8(1))
	f.Fuzz(func(t *testing.T, stream []byte, cut uint8) {
		var whole, pieces []byte
		var p frontendParser
		wantErr := p.feed(stream, func(messageType byte) { whole = append(whole, messageType) })
		p = frontendParser{}
		var err error
		for rest := stream; len(rest) > 0 && err == nil; {
			n := min(int(cut)+1, len(rest))
			err = p.feed(rest[:n], func(messageType byte) { pieces = append(pieces, messageType) })
			rest = rest[n:]
		}
		assert.Equal(t, wantErr, err)
		assert.Equal(t, whole, pieces)
	})
}
