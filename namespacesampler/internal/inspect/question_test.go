// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestExplainAnswersTheQuestion(t *testing.T) {
	source := &fixed{explanation: Explanation{
		Rate: Rate{SampleRate: 0.5, Rule: "pattern", Pattern: "pay*", Source: "shared_override"}, Threshold: "8",
		Rules: []Attempt{
			{Rule: "exact", Source: "runtime_override", Signal: "all"},
			{Rule: "pattern", Source: "shared_override", Signal: "all", Patterns: 3, Pattern: "pay*", Matches: true},
		},
		Text: "Of data points, 50 % are kept.",
	}}
	server := start(t, NewHandler(source, "access_token"))
	body := ask(t, server, http.MethodGet, "/explain?namespace=pay+ments&signal=metrics&trace_id=&access_token=x").body
	assert.JSONEq(t, `{"namespace": "pay ments", "signal": "metrics", "sample_rate": 0.5, "rule": "pattern", "pattern": "pay*",
		"source": "shared_override", "threshold": "8", "randomness": null, "randomness_source": null, "decision": null, "expires_at": null,
		"rules": [
			{"rule": "exact", "source": "runtime_override", "signal": "all", "matches": false},
			{"rule": "pattern", "source": "shared_override", "signal": "all", "patterns": 3, "pattern": "pay*", "matches": true}
		],
		"text": "Of data points, 50 % are kept."}`, body)
	assert.True(t, strings.HasSuffix(body, `"text":"Of data points, 50 % are kept."}`+"\n"), "what people read comes last")
	assert.Equal(t, Question{Namespace: "pay ments", Signal: "metrics"}, source.asked)
	source.explanation.Rules = nil
	assert.Contains(t, ask(t, server, http.MethodGet, "/explain").body, `"rules":[]`)

	get[Explanation](t, server, "/explain?trace_id=4BF92f3577b34da6a3ce929d0e0e4736&tracestate=ot%3Dth:8%3Brv:ce929d0e0e4736", http.StatusOK)
	assert.Equal(t, Question{
		Signal: "traces", HasTraceID: true, Tracestate: "ot=th:8;rv:ce929d0e0e4736",
		TraceID: [16]byte{0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36},
	}, source.asked)
}

func TestInvalidQuestionsAreRefused(t *testing.T) {
	server := start(t, NewHandler(&fixed{}))
	for query, want := range map[string]string{
		"ns=payments":                      `unknown parameter "ns"; the parameters are namespace, signal, trace_id, tracestate`,
		"namespace=a&sample=1&signal=logs": `unknown parameter "sample"`,
		"signal=log":                       `signal: must be traces, metrics or logs, got "log"`,
		"signal=":                          `signal: must be traces, metrics or logs, got ""`,
		"signal=logs&tracestate=ot%3Dth:8&trace_id=4bf92f3577b34da6a3ce929d0e0e4736": "tracestate: must be left out with signal=logs, as log records have none",
		"trace_id=abc": `trace_id: must be 32 hexadecimal digits, got "abc"`,
		"trace_id=4bf92f3577b34da6a3ce929d0e0e473g": `trace_id: must be 32 hexadecimal digits, got "4bf92f3577b34da6a3ce929d0e0e473g"`,
		"namespace=a&namespace=b":                   "namespace: must be given once, got it 2 times",
		"tracestate=ot%3Dth:8":                      "tracestate: must come with a trace_id (00000000000000000000000000000000 where the span has none)",
		"namespace=100%":                            "invalid query",
		"namespace=a;signal=traces":                 "invalid query",
	} {
		assert.Contains(t, get[failure](t, server, "/explain?"+query, http.StatusBadRequest).Error, want, query)
	}
}

func FuzzExplain(f *testing.F) {
	for _, name := range hostile[:len(hostile)-2] {
		f.Add("namespace=" + name)
	}
	f.Add("namespace=a&signal=metrics&trace_id=4bf92f3577b34da6a3ce929d0e0e4736&tracestate=ot%3Dth:8")
	f.Add("namespace=a&signal=logs&trace_id=4bf92f3577b34da6a3ce929d0e0e4736")
	h := NewHandler(&fixed{})
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/explain", nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Errorf("%q: status %d", query, w.Code)
		}
		if !json.Valid(w.Body.Bytes()) || strings.ContainsAny(w.Body.String(), "<>") {
			t.Errorf("%q: %s", query, w.Body)
		}
	})
}
