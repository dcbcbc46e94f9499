// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// optionsParameter is the run-time parameter that holds further ones, as command-line options.
const optionsParameter = "options"

// parameterRefusals are the reasons, by SQLSTATE, why servers refuse a run-time parameter that a connection starts with. The verb is
// for the parameter.
var parameterRefusals = map[string]string{
	"08P01": "%s cannot be set through a pooler; leave it out, and set it for the role: ALTER ROLE ... SET ...",
	"22023": "the value of %s is invalid",
	"42501": "the role may not set %s",
	"42601": `%s must be of the form "-c name=value"`,
	"42704": "the server does not know %s",
	"55P02": "%s cannot be set for one connection",
}

// refusedParameter returns the reason if a server refuses a connection because of a run-time parameter, else "". It names the parameter
// that the server named, if the DSN sets it. Its value is never repeated.
func refusedParameter(cfg *pgconn.Config, refused *pgconn.PgError) string {
	reason, ok := parameterRefusals[refused.Code]
	name := namedParameter(sentParameters(cfg), refused)
	if !ok || name == "" {
		return ""
	}
	parameter := fmt.Sprintf("the parameter %q of the DSN", name)
	if mayBeOfPassword(cfg, name) {
		parameter = "a parameter of the DSN, whose name may be part of a password without quotes and is not shown,"
	}
	return fmt.Sprintf(reason, parameter)
}

// option matches the name of a parameter in options: -c name=value, or --name=value.
var option = regexp.MustCompile(`(?:-c\s*|--)([\w.-]+)\s*=`)

// sentParameters returns the names of the parameters that a connection starts with, by their names in lower case.
func sentParameters(cfg *pgconn.Config) map[string]string {
	sent := map[string]string{}
	for name, value := range cfg.RuntimeParams {
		sent[strings.ToLower(name)] = name
		if name != optionsParameter {
			continue
		}
		for _, match := range option.FindAllStringSubmatch(value, -1) {
			inner := strings.ReplaceAll(match[1], "-", "_")
			sent[strings.ToLower(inner)] = inner
		}
	}
	return sent
}

var parameterName = regexp.MustCompile(`[\w.]+`)

// namedParameter returns the first parameter in the message of a server, which may be in any language. What comes after it may be its
// value. Options are named along with the parameter in them.
func namedParameter(sent map[string]string, refused *pgconn.PgError) string {
	found := ""
	if refused.Code == "42601" { // only options have a syntax
		found = sent[optionsParameter]
	}
	for _, word := range parameterName.FindAllString(refused.Message, -1) {
		if name, ok := sent[strings.ToLower(word)]; ok && (found == "" || found == optionsParameter) {
			found = name
		}
	}
	return found
}

// usualParameter matches how Postgres names parameters: words with underscores in between, apart from a few single words.
var usualParameter = regexp.MustCompile(`(?i)^([a-z]+([_.][a-z]+)+|options|role|jit|geqo|timezone|datestyle|intervalstyle)$`)

// mayBeOfPassword reports whether the name of a parameter may be the rest of a password that contains an unquoted space or "&".
func mayBeOfPassword(cfg *pgconn.Config, name string) bool {
	return cfg.Password != "" && !usualParameter.MatchString(name)
}
