// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// parameterRefusals are the reasons why Postgres or PgBouncer refuse a start-up parameter, by SQLSTATE, for the name of the parameter.
var parameterRefusals = map[string]string{
	"08P01": "a pooler in front of the server refuses the parameter %[1]s of the DSN; set it for the role instead: ALTER ROLE ... SET %[1]s = ...",
	"22023": "the server refuses the value of the parameter %s of the DSN",
	"42501": "the role may not set the parameter %s of the DSN",
	"42601": `the parameter %s of the DSN is not of the form "-c name=value"`,
	"42704": "the server does not know the parameter %s of the DSN",
	"55P02": "the parameter %s of the DSN cannot be set for a connection",
}

// optionsParameter is the parameter that holds others, as the command line of a session.
const optionsParameter = "options"

// parameterRefusal returns the reason why a connection is refused if it is a start-up parameter, else "". It names the parameter if the
// server does, but never shows its value: parameters come from the DSN, of which a part may be a secret.
func parameterRefusal(refused *pgconn.PgError, cfg *pgconn.Config) string {
	reason, ok := parameterRefusals[refused.Code]
	if !ok || cfg == nil {
		return ""
	}
	name := firstNamed(refused.Message, parameters(cfg))
	switch {
	case refused.Code == "42601": // the only parameter with a syntax, which the server does not name
		name = optionsParameter
	case name == "":
		return ""
	case mayBeOfPassword(cfg, name):
		return "the server refuses a parameter of the DSN, which is not named because it may be a part of a password without quotes"
	}
	return fmt.Sprintf(reason, name)
}

// option matches the parameters in options: -c name=value or --name=value.
var option = regexp.MustCompile(`(?:-c\s*|--)([\w.-]+)=`)

// parameters returns the names of the parameters that are sent to begin a session, by the name in lower case.
func parameters(cfg *pgconn.Config) map[string]string {
	names := map[string]string{}
	for name := range cfg.RuntimeParams {
		names[strings.ToLower(name)] = name
	}
	for _, match := range option.FindAllStringSubmatch(cfg.RuntimeParams[optionsParameter], -1) {
		name := strings.ReplaceAll(match[1], "-", "_")
		names[strings.ToLower(name)] = name
	}
	return names
}

var word = regexp.MustCompile(`[\w.]+`)

// firstNamed returns the name that occurs first in a message, as a word of its own; "" if none does. What comes after it may be its
// value. A parameter in options comes after "options".
func firstNamed(message string, names map[string]string) string {
	first := ""
	for _, w := range word.FindAllString(message, -1) {
		if name, ok := names[strings.ToLower(w)]; ok && (first == "" || first == optionsParameter) {
			first = name
		}
	}
	return first
}

var (
	// letters matches names of letters only, as almost all of Postgres are.
	letters = regexp.MustCompile(`^[A-Za-z_.]+$`)
	// usual matches names of several words, and those of one word that are usual.
	usual = regexp.MustCompile(`(?i)^([a-z]+([_.][a-z]+)+|options|role|jit|geqo|timezone|datestyle|intervalstyle)$`)
)

// mayBeOfPassword reports whether a name may be the rest of a password with an unquoted space or "&", which would end it.
func mayBeOfPassword(cfg *pgconn.Config, name string) bool {
	return !letters.MatchString(name) || cfg.Password != "" && !usual.MatchString(name)
}
