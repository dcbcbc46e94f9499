// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
)

// request is the keys of one statement, and where their answers go.
type request struct {
	query   *pausable
	texts   []string
	places  map[string]int // index of the answer by the text of the key
	answers []namespace.Answer
}

// refuse answers all keys of a query that the server refuses.
func (r *request) refuse() {
	if !r.query.schemaIsEarlier() {
		return // the keys stay unavailable
	}
	for _, text := range r.texts {
		r.answers[r.places[text]] = namespace.Answer{Outcome: namespace.Unknown}
	}
}

var arrayEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// arrayLiteral returns texts as a Postgres array literal. pgx sends it as text in every execution mode, so that the server converts it to the type that the query
// expects, such as text[] or uuid[]. pgx would encode a slice itself in some modes.
func arrayLiteral(texts []string) string {
	var b strings.Builder
	separator := `{"`
	for _, text := range texts {
		b.WriteString(separator)
		_, _ = arrayEscapes.WriteString(&b, text)
		separator = `","`
	}
	b.WriteString(`"}`)
	return b.String()
}

// isText reports whether rows are sent as two texts.
func isText(fields []pgconn.FieldDescription) bool {
	if len(fields) != 2 {
		return false
	}
	for _, f := range fields {
		switch f.DataTypeOID {
		case pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID, pgtype.NameOID:
		default:
			return false
		}
	}
	return true
}

// answer stores the answer of a row.
func (r *request) answer(i int, name string) {
	if name != "" && r.answers[i].Outcome != namespace.Resolved {
		r.answers[i] = namespace.Answer{Name: name, Outcome: namespace.Resolved}
	}
}

// read reads the answers of a statement. Rows with other keys or without a namespace are ignored; of several rows for a key, the first one counts.
func (r *request) read(rows pgx.Rows) error {
	defer rows.Close()
	isText := isText(rows.FieldDescriptions())
	for rows.Next() {
		if isText {
			// The same as below without copying: a query may return many rows with other keys.
			raw := rows.RawValues()
			if i, ok := r.places[string(raw[0])]; ok && raw[0] != nil {
				r.answer(i, string(raw[1]))
			}
			continue
		}
		var key, name *string
		if err := rows.Scan(&key, &name); err != nil {
			return err
		}
		if key == nil || name == nil {
			continue
		}
		if i, ok := r.places[*key]; ok {
			r.answer(i, *name)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, text := range r.texts {
		if i := r.places[text]; r.answers[i].Outcome == namespace.Unavailable {
			r.answers[i].Outcome = namespace.Unknown
		}
	}
	return nil
}
