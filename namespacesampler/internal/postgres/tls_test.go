// SPDX-License-Identifier: Apache-2.0

//go:build unix

package postgres

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/internal/pgtest"
	"github.com/otelcol-tasker/otelcol-tasker/internal/taskerdb"
)

// selfSigned returns a certificate for 127.0.0.1, which is its own authority, and its key, as PEM.
func selfSigned(t testing.TB) (certificate, key []byte) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "throw-away"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &private.PublicKey, private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

func TestTLS(t *testing.T) {
	certificate, key := selfSigned(t)
	own := pgtest.Start(t, pgtest.TLS(certificate, key))
	plain := own.NewDatabase(t, taskerdb.Tasker, `CREATE VIEW here AS
		SELECT CASE WHEN ssl THEN 'encrypted' ELSE 'plain' END AS ns FROM pg_stat_ssl WHERE pid = pg_backend_pid()`)
	authority := filepath.Join(t.TempDir(), "authority.pem")
	require.NoError(t, os.WriteFile(authority, certificate, 0o600))
	other, _ := selfSigned(t)
	stranger := filepath.Join(t.TempDir(), "stranger.pem")
	require.NoError(t, os.WriteFile(stranger, other, 0o600))

	layout := Custom([]CustomLookup{{"here", `SELECT k, ns FROM here, unnest($1::text[]) k`}})
	for mode, want := range map[string]string{
		"disable":     "plain",
		"prefer":      "encrypted",
		"require":     "encrypted",
		"verify-full": "encrypted",
	} {
		t.Run(mode, func(t *testing.T) {
			dsn := strings.Replace(plain, "sslmode=disable", "sslmode="+mode, 1)
			if mode == "verify-full" {
				dsn += "&sslrootcert=" + authority
			}
			openLayout(t, dsn, layout).check(ask{"here", "1", want})
		})
	}
	t.Run("a server that is not who it should be", func(t *testing.T) {
		dsn := strings.Replace(withPassword(t, plain, "postgres", secret), "sslmode=disable", "sslmode=verify-full", 1)
		_, err := openLayout(t, dsn+"&sslrootcert="+stranger, layout).lookup(ask{"here", "1", unavailable})
		require.ErrorContains(t, err, "certificate signed by unknown authority")
		assert.NotContains(t, err.Error(), secret)
	})
}
