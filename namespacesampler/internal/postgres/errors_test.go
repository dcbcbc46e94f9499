// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
)

// TestRefusals: what a statement is refused for rests its lookup; all else is said of the server, which the others share.
func TestRefusals(t *testing.T) {
	answer := func(severity, code string) error {
		return fmt.Errorf("batch: %w", &pgconn.PgError{Severity: severity, Code: code})
	}
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"missing table":                     {answer("ERROR", "42P01"), true},
		"no permission":                     {answer("ERROR", "42501"), true},
		"bad key":                           {answer("ERROR", "22P02"), true},
		"no parameter":                      {answer("ERROR", "08P01"), true},
		"raised":                            {answer("ERROR", "P0001"), true},
		"statement_timeout":                 {answer("ERROR", "57014"), true},
		"damaged table":                     {answer("ERROR", "XX001"), true},
		"a severity in another language":    {&pgconn.PgError{Severity: "FEHLER", SeverityUnlocalized: "ERROR", Code: "42P01"}, true},
		"fault on this side":                {fmt.Errorf("x: %w", &queryError{io.EOF}), true},
		"disk full":                         {answer("ERROR", "53100"), false},
		"cannot connect now":                {answer("FATAL", "57P03"), false},
		"shut down":                         {answer("FATAL", "57P01"), false},
		"a pooler that has lost the server": {answer("FATAL", "08P01"), false},
		"fatal, in another language":        {&pgconn.PgError{Severity: "ВАЖНО", SeverityUnlocalized: "FATAL", Code: "28000"}, false},
		"internal error":                    {answer("ERROR", "XX000"), false},
		"role that may not connect":         {fmt.Errorf("%w, %w", &pgconn.ConnectError{Config: &pgconn.Config{}}, answer("FATAL", "42501")), false},
		"connection lost":                   {&net.OpError{Op: "read", Err: io.EOF}, false},
		"late":                              {context.DeadlineExceeded, false},
		"nothing known of it":               {errors.New("?"), false},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, isRefusal(test.err)) })
	}
}
