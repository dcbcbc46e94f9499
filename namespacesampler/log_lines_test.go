// SPDX-License-Identifier: Apache-2.0

package namespacesampler_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// row is a row of the table of log lines: the message, the levels, and the keys.
var row = regexp.MustCompile("(?m)^\\| `([^|]+)` \\| ([a-z, ]+) \\|([^|]*)\\| [^|]+ \\|$")

// The page of log lines has every line that the processor can log above level debug, with its level, and no other.
func TestThePageOfLogLinesHasThoseOfTheCode(t *testing.T) {
	inCode := messages{}
	sources := parsed(t)
	for _, folder := range sources {
		inCode.of(t, folder)
	}
	inPage := messages{}
	rows := row.FindAllStringSubmatch(read(t, "../docs/log-lines.md"), -1)
	for _, r := range rows {
		assert.NotContains(t, inPage, r[1], "two rows")
		inPage[r[1]] = r[2]
	}
	assert.Equal(t, inCode, inPage)
	assert.Greater(t, len(inPage), 30)
}

// key is a key of a field in a table of the page.
var key = regexp.MustCompile("`([a-z_]+)`")

// Each key in the page is one that the code gives to a field, or the end of one.
func TestThePageOfLogLinesHasTheKeysOfTheCode(t *testing.T) {
	var code strings.Builder
	for _, folder := range parsed(t) {
		for _, file := range folder {
			ast.Inspect(file, func(n ast.Node) bool {
				if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					code.WriteString(literal.Value + "\n")
				}
				return true
			})
		}
	}
	for _, r := range row.FindAllStringSubmatch(read(t, "../docs/log-lines.md"), -1) {
		for _, k := range key.FindAllStringSubmatch(r[3], -1) {
			assert.Contains(t, code.String(), strconv.Quote(k[1])+"\n", "%s of %s", k[1], r[1])
		}
	}
}

// parsed returns the files of the processor, by folder.
func parsed(t *testing.T) map[string][]*ast.File {
	t.Helper()
	folders := map[string][]*ast.File{}
	require.NoError(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		folders[filepath.Dir(path)] = append(folders[filepath.Dir(path)], file)
		return err
	}))
	return folders
}

// messages are levels by message. Several are separated by commas.
type messages map[string]string

var logged = []string{".Info", ".Warn", ".Error"}

// forwarder is a function that logs its parameter named message.
type forwarder struct {
	place int
	level string
}

// of adds the messages of a package.
func (m messages) of(t *testing.T, files []*ast.File) {
	t.Helper()
	forwarders, tables := map[string]forwarder{}, tablesOf(files)
	for _, file := range files {
		functions(file, func(name string, signature *ast.FuncType, body *ast.BlockStmt) {
			level := m.logs(t, body, tables)
			if place := parameter(signature, "message"); level != "" && place >= 0 {
				forwarders[name] = forwarder{place, level}
			}
		})
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := forwarders[called(call)]; ok {
				m.add(t, call.Args[f.place], f.level)
			}
			return true
		})
	}
}

// tablesOf returns the values of the maps that are variables of a package, by the name of the map.
func tablesOf(files []*ast.File) map[string][]ast.Expr {
	tables := map[string][]ast.Expr{}
	for _, file := range files {
		for _, d := range file.Decls {
			declaration, ok := d.(*ast.GenDecl)
			if !ok || declaration.Tok != token.VAR {
				continue
			}
			for _, spec := range declaration.Specs {
				if v := spec.(*ast.ValueSpec); len(v.Values) == 1 {
					tables[v.Names[0].Name] = valuesOf(v.Values[0])
				}
			}
		}
	}
	return tables
}

// valuesOf returns the values of the literal of a map; none of anything else.
func valuesOf(e ast.Expr) (values []ast.Expr) {
	if literal, ok := e.(*ast.CompositeLit); ok {
		for _, element := range literal.Elts {
			if pair, ok := element.(*ast.KeyValueExpr); ok {
				values = append(values, pair.Value)
			}
		}
	}
	return values
}

// logs adds what a function logs. It returns the level if that is its parameter or variable named message.
func (m messages) logs(t *testing.T, body *ast.BlockStmt, tables map[string][]ast.Expr) (level string) {
	t.Helper()
	var assigned []ast.Expr
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return parameter(n.Type, "message") < 0 // it is a forwarder itself
		case *ast.AssignStmt:
			if name, ok := n.Lhs[0].(*ast.Ident); ok && name.Name == "message" {
				assigned = append(assigned, n.Rhs[0])
			}
		case *ast.CallExpr:
			switch name := called(n); {
			case !isLogger(n):
			case name == ".Log": // at a level that depends
				m.add(t, n.Args[1], "warn, error")
			case slices.Contains(logged, name):
				if text, ok := n.Args[0].(*ast.Ident); ok && text.Name == "message" {
					level = strings.ToLower(name[1:])
					break
				}
				for _, text := range alternatives(n.Args[0], tables) {
					m.add(t, text, strings.ToLower(name[1:]))
				}
			}
		}
		return true
	})
	for _, text := range assigned {
		if level != "" {
			m.add(t, text, level)
		}
	}
	return level
}

// alternatives returns what a message can be: each value of a map that it is taken from, or itself.
func alternatives(message ast.Expr, tables map[string][]ast.Expr) []ast.Expr {
	if index, ok := message.(*ast.IndexExpr); ok {
		if table, ok := index.X.(*ast.Ident); ok && len(tables[table.Name]) > 0 {
			return tables[table.Name]
		}
	}
	return []ast.Expr{message}
}

func (m messages) add(t *testing.T, text ast.Expr, level string) {
	t.Helper()
	folded := fold(text)
	if assert.NotEmpty(t, folded, "a message must be a literal, a value of a map, or a variable or parameter named message") {
		levels := map[string]bool{level: true}
		if before, ok := m[folded]; ok {
			levels[before] = true
		}
		m[folded] = strings.Join(slices.Sorted(maps.Keys(levels)), ", ")
	}
}

// fold returns the value of a literal, or of several that are joined, and an empty text for anything else.
func fold(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return fold(e.X) + fold(e.Y)
	}
	return ""
}

// functions calls a function for each function of a file: declared, or assigned to a variable. The names of methods begin with a dot.
func functions(file *ast.File, each func(name string, signature *ast.FuncType, body *ast.BlockStmt)) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			name := n.Name.Name
			if n.Recv != nil {
				name = "." + name
			}
			each(name, n.Type, n.Body)
		case *ast.AssignStmt:
			name, isName := n.Lhs[0].(*ast.Ident)
			if f, ok := n.Rhs[0].(*ast.FuncLit); ok && isName && parameter(f.Type, "message") >= 0 {
				each(name.Name, f.Type, f.Body)
			}
		}
		return true
	})
}

// parameter returns the place of a parameter with a name and of type string, or -1.
func parameter(signature *ast.FuncType, name string) int {
	place := 0
	for _, field := range signature.Params.List {
		for _, n := range field.Names {
			if kind, ok := field.Type.(*ast.Ident); ok && kind.Name == "string" && n.Name == name {
				return place
			}
			place++
		}
	}
	return -1
}

// called returns the name of the function that is called. That of a method, or of another package, begins with a dot.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		return "." + f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}

// isLogger reports whether a method of a logger is called.
func isLogger(call *ast.CallExpr) bool {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	of := ""
	switch on := method.X.(type) {
	case *ast.SelectorExpr:
		of = on.Sel.Name
	case *ast.Ident:
		of = on.Name
	}
	return slices.Contains([]string{"logger", "Logger", "limited", "Limited"}, of)
}
