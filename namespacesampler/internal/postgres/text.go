// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

// utf8Encoding is the encoding that the server sends texts in, unless the DSN sets another client_encoding.
const utf8Encoding = "UTF8"

// setsEncoding reports whether the parameters of a DSN set client_encoding.
func setsEncoding(parameters map[string]string) bool {
	_, ok := parameters["client_encoding"]
	return ok || strings.Contains(parameters["options"], "client_encoding")
}

// receiveText has the connections of a pool receive all columns as the text that the server has for them, so that columns of any type
// will do. It adds to what the pool does with new connections.
func receiveText(pool *pgxpool.Config) {
	before := pool.AfterConnect
	pool.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		if before != nil {
			if err := before(ctx, conn); err != nil {
				return err
			}
		}
		conn.TypeMap().RegisterTypes(textTypes())
		return receiveUnchecked(ctx, conn)
	}
}

// receiveUnchecked has the server send texts of a database without an encoding as they are. The server would otherwise refuse to send
// all rows of a statement if a single text is not valid UTF-8. With the simple protocol, pgx insists on UTF8.
func receiveUnchecked(ctx context.Context, conn *pgx.Conn) error {
	const noEncoding = "SQL_ASCII"
	status := conn.PgConn().ParameterStatus
	if status("server_encoding") != noEncoding || status("client_encoding") != utf8Encoding ||
		conn.Config().DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return nil
	}
	_, err := conn.PgConn().Exec(ctx, "SET client_encoding TO "+noEncoding).ReadAll()
	return err
}

// endOfBuiltInTypes is the OID that is above those of all types that pgx knows.
const endOfBuiltInTypes = 10_000

// textTypes returns the types that pgx knows, to be received as text. pgx receives many of them in binary form in some of its execution
// modes, and converts only some of these to text, not always as the server does.
var textTypes = sync.OnceValue(func() (types []*pgtype.Type) {
	known := pgtype.NewMap()
	for oid := range uint32(endOfBuiltInTypes) {
		if t, ok := known.TypeForOID(oid); ok {
			types = append(types, &pgtype.Type{Name: t.Name, OID: oid, Codec: textCodec{t.Codec}})
		}
	}
	return types
})

// textCodec is a codec that prefers text.
type textCodec struct{ pgtype.Codec }

func (textCodec) PreferredFormat() int16 { return pgtype.TextFormatCode }

// withoutPadding returns a text without the padding of a column of type char(n). Texts of other types keep their spaces.
func withoutPadding(column pgconn.FieldDescription, text []byte) []byte {
	if column.DataTypeOID == pgtype.BPCharOID {
		return bytes.TrimRight(text, " ")
	}
	return text
}

// valid returns a text that is shown, as valid UTF-8.
func valid(text string) string { return strings.ToValidUTF8(text, string(utf8.RuneError)) }
