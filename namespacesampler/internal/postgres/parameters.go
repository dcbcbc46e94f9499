// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// parameterRefusals are the reasons why Postgres or PgBouncer refuse a start-up parameter, by SQLSTATE, for the name of the parameter.
var parameterRefusals = map[string]string{
	"08P01": "a pooler in front of the server refuses the parameter %[1]s of the DSN; set it for the role instead: ALTER ROLE ... SET %[1]s = ...",
	"42704": "the server does not know the parameter %s of the DSN",
	"22023": "the server refuses the value of the parameter %s of the DSN",
	"42501": "the role may not set the parameter %s of the DSN",
}

// parameterRefusal returns the reason why a connection is refused if it is a start-up parameter, else "". It names the parameter if the
// server does, but never shows its value: parameters come from the DSN, of which a part may be a secret.
func parameterRefusal(refused *pgconn.PgError, cfg *pgconn.Config) string {
	reason, ok := parameterRefusals[refused.Code]
	if !ok || cfg == nil {
		return ""
	}
	name := firstNamed(refused.Message, parameters(cfg))
	if name == "" {
		return ""
	}
	return fmt.Sprintf(reason, name)
}

var (
	// optionName matches the parameters in the parameter options, the command line of a session: -c name=value or --name=value.
	optionName = regexp.MustCompile(`(?:-c\s*|--)([A-Za-z_-]+(?:\.[A-Za-z_-]+)?)=`)
	// parameterName matches the names that are shown. A part of a password that is not quoted correctly becomes a parameter too, but
	// hardly one of letters only.
	parameterName = regexp.MustCompile(`^[A-Za-z_]+(\.[A-Za-z_]+)?$`)
)

// parameters returns the names of the parameters that are sent to begin a session.
func parameters(cfg *pgconn.Config) []string {
	names := slices.Collect(maps.Keys(cfg.RuntimeParams))
	for _, match := range optionName.FindAllStringSubmatch(cfg.RuntimeParams["options"], -1) {
		names = append(names, strings.ReplaceAll(match[1], "-", "_"))
	}
	return slices.DeleteFunc(names, func(name string) bool { return !parameterName.MatchString(name) })
}

// firstNamed returns the name that occurs first in a message, as a word of its own; "" if none does.
func firstNamed(message string, names []string) string {
	words := strings.FieldsFunc(message, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.", r)
	})
	for _, word := range words {
		if i := slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, strings.TrimRight(word, ".")) }); i >= 0 {
			return names[i]
		}
	}
	return ""
}
