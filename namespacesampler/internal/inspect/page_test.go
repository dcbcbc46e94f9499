// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestThePageIsOneDocumentThatRunsOnlyItsOwnScript(t *testing.T) {
	a := ask(t, start(t, NewHandler(&fixed{})), http.MethodGet, "/")
	assert.Equal(t, http.StatusOK, a.status)
	assert.Equal(t, "text/html; charset=utf-8", a.header.Get("Content-Type"))
	assert.Equal(t, 1, strings.Count(a.body, "<script>"))
	assert.Equal(t, 1, strings.Count(a.body, "<style>"))
	for _, element := range []string{"script", "style"} {
		assert.Contains(t, a.header.Get("Content-Security-Policy"), element+"-src '"+hashOf(a.body, element)+"'")
	}
	assert.NotRegexp(t, regexp.MustCompile(`https?:|src=|@import|url\(`), a.body, "no assets from elsewhere")
	assert.NotRegexp(t, regexp.MustCompile(`(?i)innerHTML|insertAdjacentHTML|document\.write|\beval\b| style="| on[a-z]+="`), a.body)
	assert.NotContains(t, a.body, "ZgotmplZ", "the template took everything for what it is")
}
