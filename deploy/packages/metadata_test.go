// SPDX-License-Identifier: Apache-2.0

//go:build linux

package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/deploy/internal/distribution"
)

func TestTheVersionIsOne(t *testing.T) {
	want := distribution.Version(t)
	assert.Equal(t, want, strings.TrimSpace(run(t, "../../tools/version.sh")))
	assert.Equal(t, "otelcol-tasker version "+want, strings.TrimSpace(run(t, distribution.Collector(t), "--version")))
	assert.Equal(t, want, strings.TrimSpace(run(t, "dpkg-deb", "--field", theDeb(t), "Version")))
	assert.Equal(t, want, run(t, "rpm", "-qp", "--queryformat", "%{VERSION}", theRPM(t)))
	_, contents := readDeb(t)
	changelog := "/usr/share/doc/otelcol-tasker/changelog.gz"
	assert.Contains(t, string(unzipped(t, changelog, contents[changelog])), "otelcol-tasker ("+want+") ")
}

func TestTheDebSaysWhatItIs(t *testing.T) {
	field := func(name string) string { return strings.TrimSpace(run(t, "dpkg-deb", "--field", theDeb(t), name)) }
	assert.Equal(t, "otelcol-tasker", field("Package"))
	assert.Equal(t, runtime.GOARCH, field("Architecture")) // amd64, arm64: Debian and Go agree
	assert.Equal(t, "systemd | systemd-standalone-sysusers | systemd-sysusers", field("Depends"))
	assert.Equal(t, "ca-certificates", field("Recommends"))
}

func TestTheRPMSaysWhatItIs(t *testing.T) {
	query := func(format string) string { return run(t, "rpm", "-qp", "--queryformat", format, theRPM(t)) }
	assert.Equal(t, "otelcol-tasker", query("%{NAME}"))
	assert.Equal(t, map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH], query("%{ARCH}"))
	assert.Equal(t, "Apache-2.0", query("%{LICENSE}"))
	assert.Subset(t, strings.Fields(query("[%{REQUIRENAME} ]")), []string{"/bin/sh", "systemd"})
	assert.Equal(t, "ca-certificates", query("[%{RECOMMENDNAME}]"))
}

// The scripts are in the packages as they are in the repository, and dash, Debian's sh, can read them.
func TestThePackagesHaveTheScripts(t *testing.T) {
	inDeb := func(name string) string { return run(t, "dpkg-deb", "--info", theDeb(t), name) }
	inRPM := func(tag string) string { return run(t, "rpm", "-qp", "--queryformat", "%{"+tag+"}", theRPM(t)) }
	for source, packed := range map[string]string{
		"deb/postinst": inDeb("postinst"), "deb/prerm": inDeb("prerm"), "deb/postrm": inDeb("postrm"),
		"rpm/post": inRPM("POSTIN"), "rpm/preun": inRPM("PREUN"), "rpm/postun": inRPM("POSTUN"),
	} {
		text, err := os.ReadFile(source)
		require.NoError(t, err)
		assert.Equal(t, strings.TrimSpace(string(text)), strings.TrimSpace(packed), source)
		run(t, "dash", "-n", source)
	}
	folder := t.TempDir()
	run(t, "dpkg-deb", "--control", theDeb(t), folder)
	scripts, err := filepath.Glob(filepath.Join(folder, "p*"))
	require.NoError(t, err)
	require.Len(t, scripts, 3)
	for _, script := range scripts {
		_, err := exec.LookPath(script) // dpkg runs them, so they have to be executable
		assert.NoError(t, err)
	}
}
