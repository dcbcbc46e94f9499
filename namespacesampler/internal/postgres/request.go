// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/group"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// request is the keys of one statement, and where their answers go.
type request struct {
	query   *pausable
	texts   []string
	places  map[string]int // index of the answer by the text of the key
	answers []namespace.Answer
	groupOf func(key string) group.Group // nil if items have no groups
	// isSuspect is true if the keys are suspected to be the reason of a refusal. The query is sent without keys before them.
	isSuspect bool
	refusals  int // of the query before it was sent
}

// withoutKeys returns the request without its keys, to find out whether the query works.
func (r *request) withoutKeys() *request { return &request{query: r.query, refusals: r.refusals} }

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

// read reads the answers of a statement: rows of a key, a namespace, and perhaps a group. Columns are received as text in every mode of
// execution. They become strings only if they are valid, so that a row takes no more memory than the message that it comes in.
func (r *request) read(rows pgx.Rows) error {
	defer rows.Close()
	columns := rows.FieldDescriptions()
	for rows.Next() {
		values := rows.RawValues()
		if len(values) != 2 && len(values) != 3 {
			return fmt.Errorf("got rows with %d in place of 2 or 3 columns", len(values))
		}
		for i := range values {
			values[i] = withoutPadding(columns[i], values[i])
		}
		r.readRow(values)
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

// readRow reads a row. One with another key, or with a key that is not valid UTF-8, is ignored; so is a namespace that is too long or not
// valid UTF-8. Of several rows for a key, the first one with a namespace counts; if none has one, the first with a group.
func (r *request) readRow(values [][]byte) {
	if values[0] == nil {
		return
	}
	if !utf8.Valid(values[0]) {
		r.query.unreadable()
		return
	}
	i, ok := r.places[string(values[0])]
	if !ok || r.answers[i].Outcome == namespace.Resolved {
		return
	}
	answer, g := &r.answers[i], r.readGroup(values)
	if name := r.readName(values[1]); name != "" {
		*answer = namespace.Answer{Name: name, Outcome: namespace.Resolved, Group: g}
	} else if !answer.Group.IsKnown() {
		answer.Group = g
	}
}

// readGroup reads the group of a row, which is in the third column if there is one.
func (r *request) readGroup(values [][]byte) group.Group {
	if len(values) < 3 || len(values[2]) > group.MaxKeyBytes || r.groupOf == nil {
		return 0
	}
	return r.groupOf(string(values[2]))
}

// readName reads a namespace. It returns "" if there is none.
func (r *request) readName(name []byte) string {
	switch {
	case len(name) > rate.MaxNameBytes:
		r.query.tooLong(len(name))
		return ""
	case !utf8.Valid(name):
		r.query.unreadable()
		return ""
	}
	return string(name)
}
