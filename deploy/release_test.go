// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// releases is .goreleaser.yaml. `make release-snapshot` has goreleaser itself check it, whose types would be requirements of the tests, and many.
type releases struct {
	Version     int
	ProjectName string `yaml:"project_name"`
	Before      struct{ Hooks []string }
	Builds      []struct {
		ID, Dir, Binary     string
		Env, Flags, LDFlags []string
		Targets             []string
		ModTimestamp        string `yaml:"mod_timestamp"`
		Hooks               struct {
			Post []struct {
				Cmd    string
				Output bool
			}
		}
	}
	Archives []struct {
		Formats         []string
		FormatOverrides []struct {
			Goos    string
			Formats []string
		} `yaml:"format_overrides"`
		NameTemplate string    `yaml:"name_template"`
		BuildsInfo   yaml.Node `yaml:"builds_info"`
		Files        []struct {
			Src, Dst string
			Info     yaml.Node
		}
	}
	Sboms []struct {
		Artifacts, Cmd  string
		Documents, Args []string
	}
	Checksum struct {
		NameTemplate string      `yaml:"name_template"`
		ExtraFiles   []extraFile `yaml:"extra_files"`
	}
	Signs []struct {
		Artifacts, Cmd, Signature string
		Args                      []string
	}
	Dockers []struct {
		Images, Tags, Platforms, IDs []string
		Dockerfile                   string
		ExtraFiles                   []string          `yaml:"extra_files"`
		BuildArgs                    map[string]string `yaml:"build_args"`
	} `yaml:"dockers_v2"`
	DockerSigns []struct {
		Artifacts, Cmd string
		Args           []string
	} `yaml:"docker_signs"`
	Snapshot struct {
		VersionTemplate string `yaml:"version_template"`
	}
	Release struct {
		GitHub     struct{ Owner, Name string } `yaml:"github"`
		Draft      bool
		ExtraFiles []extraFile `yaml:"extra_files"`
	}
}

type extraFile struct{ Glob string }

func readReleases(t *testing.T) (r releases) {
	t.Helper()
	text, err := os.ReadFile("../.goreleaser.yaml")
	require.NoError(t, err)
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&r))
	return r
}

func TestAReleaseHasEverySystem(t *testing.T) {
	var targets []string
	for _, build := range readReleases(t).Builds {
		targets = append(targets, build.Targets...)
		assert.Equal(t, "cmd/otelcol-tasker", build.Dir)
		assert.Equal(t, []string{"CGO_ENABLED=0"}, build.Env)
		assert.Equal(t, []string{"-trimpath", "-buildvcs=false"}, build.Flags)
		assert.Equal(t, []string{"-s -w"}, build.LDFlags)
		for _, target := range build.Targets {
			assert.Equal(t, strings.HasPrefix(target, "linux_"), len(build.Hooks.Post) == 1, "packages are for Linux: %s", target)
		}
	}
	assert.ElementsMatch(t, []string{"linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64", "windows_amd64"}, targets)
}

// scriptPattern matches the scripts that commands run.
var scriptPattern = regexp.MustCompile(`\b(tools|deploy)/[\w/-]+\.sh`)

func TestAReleaseIsMadeOfFilesThatExist(t *testing.T) {
	release := readReleases(t)
	commands := release.Before.Hooks
	for _, build := range release.Builds {
		for _, hook := range build.Hooks.Post {
			commands = append(commands, hook.Cmd)
		}
	}
	require.Len(t, release.Sboms, 1)
	commands = append(commands, release.Sboms[0].Cmd)
	scripts := scriptPattern.FindAllString(strings.Join(commands, "\n"), -1)
	require.Len(t, scripts, 3) // packages, the check of the tag, what binaries are made of
	for _, script := range scripts {
		info, err := os.Stat(filepath.Join("..", script))
		require.NoError(t, err)
		assert.NotZero(t, info.Mode()&0o100, "%s can be run", script)
	}
	require.Len(t, release.Archives, 1)
	var names []string
	for _, file := range release.Archives[0].Files {
		assert.FileExists(t, filepath.Join("..", file.Src))
		names = append(names, file.Src)
	}
	assert.Equal(t, []string{"LICENSE", "README.md", "deploy/config.yaml"}, names)
	assert.Equal(t, release.Checksum.ExtraFiles, release.Release.ExtraFiles, "what is published has a checksum")
	for _, files := range release.Checksum.ExtraFiles {
		assert.True(t, strings.HasSuffix(release.Builds[0].Hooks.Post[0].Cmd, " "+filepath.Dir(files.Glob)), "packages are where they are looked for")
	}
}

// buildx finds in its context what the file copies, as buildah does for `make image`.
func TestAReleaseBuildsTheSameImage(t *testing.T) {
	release := readReleases(t)
	require.Len(t, release.Dockers, 1)
	docker := release.Dockers[0]
	text, err := os.ReadFile(filepath.Join("..", docker.Dockerfile))
	require.NoError(t, err)
	var copied, arguments []string
	for _, match := range regexp.MustCompile(`(?m)^(COPY|ARG) (\S+)`).FindAllStringSubmatch(string(text), -1) {
		switch {
		case match[1] == "ARG":
			arguments = append(arguments, match[2])
		case match[2] == "$TARGETPLATFORM/"+release.Builds[0].Binary:
			assert.Equal(t, []string{release.Builds[0].ID}, docker.IDs)
		default:
			copied = append(copied, match[2])
		}
	}
	assert.ElementsMatch(t, docker.ExtraFiles, copied)
	assert.Equal(t, []string{"linux/amd64", "linux/arm64"}, docker.Platforms)
	assert.ElementsMatch(t, []string{"TARGETPLATFORM", "VERSION", "REVISION"}, arguments)
	for _, name := range []string{"VERSION", "REVISION"} {
		assert.Contains(t, docker.BuildArgs, name)
	}
	for _, file := range docker.ExtraFiles {
		if strings.HasPrefix(file, "build/") {
			assert.Contains(t, strings.Join(release.Before.Hooks, "\n"), "> "+file, "it is made before")
		} else {
			assert.FileExists(t, filepath.Join("..", file))
		}
	}
}

func TestATagMustBeTheVersion(t *testing.T) {
	const manifest = "dist:\n  version: 1.2.3\nprocessors:\n  - gomod: github.com/otelcol-tasker/otelcol-tasker v1.2.3\n"
	const changelog = "# Changelog\n\n## 1.2.3 (2027-01-01)\n\n- New: [this](docs/this.md#part).\n\n## 1.2.2\n\n- Old.\n"
	for _, test := range []struct{ name, tag, manifest, changelog, refusal string }{
		{name: "as it should be", tag: "v1.2.3", manifest: manifest, changelog: changelog},
		{"another tag", "v1.2.4", manifest, changelog, "the tag is v1.2.4, but dist::version in builder-config.yaml is 1.2.3"},
		{"without v", "1.2.3", manifest, changelog, "the tag is 1.2.3, but"},
		{"only the version was raised", "v1.2.3", strings.Replace(manifest, "tasker v1.2.3", "tasker v1.2.2", 1), changelog, "the processor in builder-config.yaml is not at v1.2.3"},
		{"nothing in the changelog", "v1.2.3", manifest, strings.Replace(changelog, "1.2.3", "Unreleased", 1), "has no section '## 1.2.3'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(filepath.Join(dir, "tools"), os.DirFS("../tools")))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "builder-config.yaml"), []byte(test.manifest), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "CHANGELOG.md"), []byte(test.changelog), 0o600))
			output, err := exec.CommandContext(t.Context(), filepath.Join(dir, "tools/release-check.sh"), test.tag).CombinedOutput()
			if test.refusal != "" {
				require.Error(t, err)
				assert.Contains(t, string(output), test.refusal)
				return
			}
			require.NoError(t, err, "%s", output)
			notes, err := exec.CommandContext(t.Context(), filepath.Join(dir, "tools/release-notes.sh"), "1.2.3").Output()
			require.NoError(t, err)
			assert.Equal(t, "- New: [this](https://github.com/otelcol-tasker/otelcol-tasker/blob/v1.2.3/docs/this.md#part).", strings.TrimSpace(string(notes)))
		})
	}
}
