// SPDX-License-Identifier: Apache-2.0

// Command cacerts writes Mozilla's root certificates to standard output, in PEM.
//
// They are those of golang.org/x/crypto/x509roots, at the version in go.mod, and not those of the machine that builds: an image
// built from a revision has the same certificates wherever it is built, and an update is a change of go.mod.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

func main() {
	if err := write(bufio.NewWriter(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(out *bufio.Writer) error {
	for root := range bundle.Roots() {
		// Mozilla no longer trusts what such a root signs from some date on, which PEM cannot say. Leaf certificates from before
		// that date expire within 398 days.
		if root.Constraint != nil {
			continue
		}
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			return fmt.Errorf("root certificate: %w", err)
		}
		if _, err := fmt.Fprintf(out, "# %s\n", certificate.Subject); err != nil {
			return err
		}
		if err := pem.Encode(out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return err
		}
	}
	return out.Flush()
}
