// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each kind of problem has one row in the page about it, and there are no others.
func TestThePageListsTheKindsOfProblems(t *testing.T) {
	page, err := os.ReadFile("../../../docs/inspect.md")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(page), "\n| `kind` | what it is |\n")
	require.True(t, ok, "the table of kinds")
	table, _, _ = strings.Cut(table, "\n\n")
	var inPage []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(table, -1) {
		inPage = append(inPage, row[1])
	}
	kinds := kindsOfProblems(t)
	assert.Greater(t, len(kinds), 15)
	assert.ElementsMatch(t, kinds, inPage)
}

// kindsOfProblems returns the values that the code gives to the field Kind of a problem.
func kindsOfProblems(t *testing.T) (kinds []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "problems.go", nil, 0)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		pair, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		if name, ok := pair.Key.(*ast.Ident); ok && name.Name == "Kind" {
			literal, ok := pair.Value.(*ast.BasicLit)
			if assert.True(t, ok, "a kind is a literal") {
				kind, err := strconv.Unquote(literal.Value)
				assert.NoError(t, err)
				kinds = append(kinds, kind)
			}
		}
		return true
	})
	return kinds
}
