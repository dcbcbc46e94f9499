// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
)

// The page is one document that contains its style and its script. It reads its data from /namespaces and /explain.
var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.*.js
	pageScripts embed.FS
)

// scripts are the parts of the script, in the order in which they are executed.
var scripts = []string{"texts", "state", "rows", "budgets", "overrides", "sql", "panel", "main"}

// page returns the rendered page, and the content security policy that allows that style and that script, and nothing else. It is rendered
// on first use, because nobody ever looks at most collectors.
var page = sync.OnceValues(renderPage)

func renderPage() (body *document, policy string) {
	var script strings.Builder
	for _, name := range scripts {
		part, err := pageScripts.ReadFile("page." + name + ".js")
		if err != nil {
			panic(err) // a test renders the page
		}
		script.Write(part)
	}
	parts := struct {
		Style  template.CSS
		Script template.JS
	}{template.CSS(pageCSS), template.JS(script.String())} //nolint:gosec // they are embedded
	var out bytes.Buffer
	if err := template.Must(template.New("page").Parse(pageHTML)).Execute(&out, parts); err != nil {
		panic(err) // a test renders it
	}
	return newDocument(out.Bytes()), fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; connect-src 'self'; img-src data:; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		hashOf(out.String(), "style"), hashOf(out.String(), "script"))
}

// hashOf returns the hash of the only element of a kind, in the syntax of content security policies.
func hashOf(document, element string) string {
	_, rest, _ := strings.Cut(document, "<"+element+">")
	content, _, _ := strings.Cut(rest, "</"+element+">")
	sum := sha256.Sum256([]byte(content))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func servePage(w http.ResponseWriter, r *http.Request) {
	body, policy := page()
	w.Header().Set("Content-Security-Policy", policy)
	body.send(w, r, "text/html; charset=utf-8")
}
