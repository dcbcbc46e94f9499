// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// W3C Trace Context Level 2, and OpenTelemetry's ot member: these are well-formed, and are stamped.
func TestWellFormedTracestates(t *testing.T) {
	p := func(n int) string { return strings.Repeat("p", n) }
	for _, tt := range []struct{ name, in, others string }{
		{"a key that begins with a digit", "1vendor=5", "1vendor=5"},
		{"a key of one digit", "1=5", "1=5"},
		{"a tenant and a system", "fw529a3039@dt=FfIpM2", "fw529a3039@dt=FfIpM2"},
		{"a system that begins with a digit", "tenant@1dt=1", "tenant@1dt=1"},
		{"an at sign at the end, and twice", "a@@b@=1", "a@@b@=1"},
		{"a tenant longer than Level 1 allows", p(242) + "@x=1", p(242) + "@x=1"},
		{"all marks of a key", "a_-*/@0=1", "a_-*/@0=1"},
		{"a key of 256 characters", p(256) + "=1", p(256) + "=1"},
		{"a value of 256 characters", "congo=" + p(256), "congo=" + p(256)},
		{"all marks of a value", "congo=!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~", "congo=!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~"},
		{"blanks before a value and in it", "congo=  a b", "congo=  a b"},
		{"white space around members", " congo=t61 \t,\t rojo=00f0 ", "congo=t61,rojo=00f0"},
		{"empty members", ",congo=t61,, ,rojo=00f0,", "congo=t61,rojo=00f0"},
		{"any number of empty members", strings.Repeat(",", 100) + "congo=t61", "congo=t61"},
		{"keys like ot", "otx=1,o=2,ot@a=3,0ot=4", "otx=1,o=2,ot@a=3,0ot=4"},
		{"another vendor's key twice", "congo=1,congo=2", "congo=1,congo=2"},
		{"sub-keys of another vendor twice", "congo=p:8;p:8", "congo=p:8;p:8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := Span{Keep: true, Tracestate: "ot=th:8," + tt.others}
			assert.Equal(t, want, equalizing.Decide(traceID(t, idA), tt.in, mustRate(t, 0.5, 4)))
		})
	}
}

// T11: keys that begin or end alike, and values that look like keys, are no duplicates.
func TestSubKeysThatAreAlikeAreStamped(t *testing.T) {
	for _, others := range []string{
		"p:8;pp:8;ppp:8", "ppp:8;pp:8;p:8", "ap:1;p:2;bp:3", "p:p;q:p;r:q", "a:th;b:rv", "tha:1;rva:2;ath:3;arv:4", "a1:1;a:1;a2:1",
	} {
		want := Span{Keep: true, Tracestate: "ot=th:8;" + others}
		for _, in := range []string{"ot=" + others, "ot=" + others + ";th:4", "ot=th:4;" + others} {
			assert.Equal(t, want, equalizing.Decide(traceID(t, idA), in, mustRate(t, 0.5, 4)), in)
		}
	}
}

// T8: each of these holds an rv that would turn the decision round if anything in the state were believed.
func TestAMalformedTracestateIsIgnored(t *testing.T) {
	for _, tt := range []struct{ name, in string }{
		{"a member without a value", "ot=rv:RV,congo,rojo=00f0"},
		{"an empty key", "ot=rv:RV,=t61"},
		{"a value of blanks", "ot=rv:RV,congo=  ,rojo=1"},
		{"the ot key in capitals", "ot=rv:RV,OT=th:8"},
		{"a key that begins with an at sign", "ot=rv:RV,@congo=t61"},
		{"a key that begins with a mark", "ot=rv:RV,*congo=t61"},
		{"a dot in a key", "ot=rv:RV,con.go=t61"},
		{"a blank in a key", "ot=rv:RV,con go=t61"},
		{"a blank before the equals sign of ot", "ot =rv:RV"},
		{"a blank after the equals sign of ot", "ot= rv:RV"},
		{"a tabulator in a value", "ot=rv:RV,congo=t\t61"},
		{"a zero byte", "ot=rv:RV,congo=t\x0061"},
		{"a line end after the last value", "ot=rv:RV\n"},
		{"a line end before the first key", "\r\not=rv:RV"},
		{"bytes that are not UTF-8", "ot=rv:RV,congo=\xff\xfe"},
		{"a semicolon at the end of ot", "ot=rv:RV;"},
		{"a semicolon at the start of ot", "ot=;rv:RV"},
		{"a blank between sub-members", "ot=rv:RV; x:1"},
		{"a mark in a sub-key", "ot=rv:RV;x_y:1"},
		{"a second colon", "ot=rv:RV;x:1:2"},
		{"a blank in a sub-value", "ot=rv:RV;x:a b"},
		{"a th with a sign", "ot=rv:RV;th:-8"},
		{"a th with a prefix", "ot=rv:RV;th:0x8"},
		{"a th with an underscore", "ot=rv:RV;th:8_0"},
		{"an empty th", "ot=rv:RV;th:"},
		{"two th, alike", "ot=rv:RV;th:0;th:0"},
		{"two rv, alike", "ot=rv:RV;rv:RV"},
		{"two of another sub-key, alike", "ot=rv:RV;p:8;p:8"},
		{"two of another sub-key, of which one is empty", "ot=p:;rv:RV;p:8"},
		{"the first sub-key again at the end", "ot=longer:1;rv:RV;x:1;longer:2"},
		{"two neighbours at the end", "ot=rv:RV;x:1;y:2;y:3"},
		{"two ot, alike", "ot=rv:RV,congo=t61,ot=rv:RV"},
		{"two ot, the first of them broken", "ot=,ot=rv:RV"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			against := strings.ReplaceAll(tt.in, "RV", "00000000000000")
			for _, probability := range []float64{0.5, 1} {
				got := equalizing.Decide(traceID(t, highest), against, mustRate(t, probability, 4))
				assert.Equal(t, Span{Keep: true, Tracestate: against, Fault: Malformed}, got)
			}
			got := equalizing.Decide(traceID(t, lowest), strings.ReplaceAll(tt.in, "RV", highest), mustRate(t, 0.5, 4))
			assert.False(t, got.Keep)
			assert.Equal(t, Malformed, got.Fault)
		})
	}
}
