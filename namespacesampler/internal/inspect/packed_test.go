// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fetch asks for a path with a value of Accept-Encoding, and returns the headers of the answer, and its body as it was sent.
func fetch(t testing.TB, address, method, path, accept string) (http.Header, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address+path, nil)
	require.NoError(t, err)
	if accept != "" {
		request.Header.Set("Accept-Encoding", accept)
	}
	client := http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	response, err := client.Do(request)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.Header, body
}

func TestAnswersAreCompressedForThoseWhoTakeIt(t *testing.T) {
	source := &fixed{namespaces: Namespaces{Namespaces: manyNamespaces(2000)}}
	server := start(t, NewHandler(source))
	for _, path := range []string{"/namespaces", "/"} {
		plain, want := fetch(t, server.URL, http.MethodGet, path, "")
		assert.Empty(t, plain.Get("Content-Encoding"))
		assert.Equal(t, "Accept-Encoding", plain.Get("Vary"))
		packed, body := fetch(t, server.URL, http.MethodGet, path, "br, gzip;q=0.5")
		assert.Equal(t, "gzip", packed.Get("Content-Encoding"))
		assert.Equal(t, strconv.Itoa(len(body)), packed.Get("Content-Length"))
		assert.Less(t, len(body), len(want)/2)
		unpacked, err := gzip.NewReader(bytes.NewReader(body))
		require.NoError(t, err)
		got, err := io.ReadAll(unpacked)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got))
		t.Logf("%s: %d bytes, %d compressed", path, len(want), len(body))

		head, nothing := fetch(t, server.URL, http.MethodHead, path, "gzip")
		assert.Empty(t, nothing)
		assert.Equal(t, packed.Get("Content-Length"), head.Get("Content-Length"))
	}
	small, _ := fetch(t, server.URL, http.MethodGet, "/config", "gzip")
	assert.Empty(t, small.Get("Content-Encoding"), "it fits into one packet")
}

func TestWhoTakesGzip(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "deflate, gzip;q=1.0, *;q=0.5": true, "gzip;q=0": false, "gzip ; q=0.000": false, "*": true,
		"*;q=0": false, "identity": false, "*;q=0, gzip": true, "gzip;q=0, *": false, "x-gzip": true, "gzip;q=no": false, "gzip; a=1; q=0": false, "gzip; a=1": true, "br": false,
	} {
		assert.Equal(t, want, takesGzip([]string{accept}), "%q", accept)
	}
	assert.True(t, takesGzip([]string{"br", "gzip"}))
}

// BenchmarkNamespaces is what an answer costs that nobody has asked for in the last second: rendered, and compressed.
func BenchmarkNamespaces(b *testing.B) {
	rows := manyNamespaces(2000)
	for _, packs := range []bool{false, true} {
		b.Run("compressed="+strconv.FormatBool(packs), func(b *testing.B) {
			b.ReportAllocs()
			var size int
			for b.Loop() {
				d, err := renderDocument(Namespaces{Namespaces: rows})
				require.NoError(b, err)
				if size = len(d.plain); packs {
					size = len(d.packed())
				}
			}
			b.ReportMetric(float64(size), "B/answer")
		})
	}
}
