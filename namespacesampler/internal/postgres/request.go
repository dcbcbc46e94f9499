// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// request is the keys of one statement, and where their answers go.
type request struct {
	query   *pausable
	texts   []string
	places  map[string]int // index of the answer by the text of the key
	answers []namespace.Answer
	// isSuspect is true if the keys are suspected to be the reason of a refusal. The query is sent without keys before them.
	isSuspect bool
}

// withoutKeys returns the request without its keys, to find out whether the query works.
func (r *request) withoutKeys() *request { return &request{query: r.query} }

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

// arrayLiteral returns texts as a Postgres array literal. pgx sends it as text in every execution mode, so that the server
// converts it to the type that the query expects, such as text[] or uuid[]. pgx would encode a slice itself in some modes.
func arrayLiteral(texts []string) string {
	var b strings.Builder
	separator := `{"`
	for _, text := range texts {
		b.WriteString(separator)
		_, _ = arrayEscapes.WriteString(&b, text)
		separator = `","`
	}
	if b.Len() == 0 {
		return `{}`
	}
	b.WriteString(`"}`)
	return b.String()
}

// answer stores the answer of a row.
func (r *request) answer(i int, name []byte) {
	if len(name) > 0 && r.answers[i].Outcome != namespace.Resolved {
		r.answers[i] = namespace.Answer{Name: string(name), Outcome: namespace.Resolved}
	}
}

// read reads the answers of a statement. Rows with other keys, without a namespace, with one that is too long, or with a text that is not
// valid UTF-8 are ignored; of several rows for a key, the first one counts. Columns are received as text in every mode of execution. They
// become strings only if they are valid, so that a row takes no more memory than the message that it comes in.
func (r *request) read(rows pgx.Rows) error {
	defer rows.Close()
	columns := rows.FieldDescriptions()
	for rows.Next() {
		values := rows.RawValues()
		if len(values) != 2 {
			return fmt.Errorf("got rows with %d in place of 2 columns", len(values))
		}
		if values[0] == nil || values[1] == nil {
			continue
		}
		key, name := withoutPadding(columns[0], values[0]), withoutPadding(columns[1], values[1])
		switch {
		case len(name) > rate.MaxNameBytes:
			r.query.tooLong(len(name))
		case !utf8.Valid(key) || !utf8.Valid(name):
			r.query.unreadable()
		default:
			if i, ok := r.places[string(key)]; ok {
				r.answer(i, name)
			}
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
