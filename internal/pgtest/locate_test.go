// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewestFirstComparesReleasesAsNumbers(t *testing.T) {
	folders := []string{"/usr/lib/postgresql/9.6/bin", "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/10/bin"}
	slices.SortFunc(folders, newestFirst)
	assert.Equal(t, []string{
		"/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/10/bin", "/usr/lib/postgresql/9.6/bin",
	}, folders)
}

func TestLocateTakesTheFirstFolderWithBothPrograms(t *testing.T) {
	clientOnly, older, newer := t.TempDir(), t.TempDir(), t.TempDir()
	program(t, clientOnly, "initdb")
	for _, folder := range []string{newer, older} {
		program(t, folder, "initdb")
		program(t, folder, "postgres")
	}
	found, err := locateIn([]string{filepath.Join(t.TempDir(), "gone"), clientOnly, newer, older})
	require.NoError(t, err)
	assert.Equal(t, installation{
		initdb:   filepath.Join(newer, "initdb"),
		postgres: filepath.Join(newer, "postgres"),
	}, found)
}

func TestLocateFindsTheStatementsLibraryBesideThePrograms(t *testing.T) {
	root := t.TempDir()
	program(t, filepath.Join(root, "bin"), "initdb")
	program(t, filepath.Join(root, "bin"), "postgres")
	program(t, filepath.Join(root, "lib"), "pg_stat_statements.so")
	found, err := locateIn([]string{filepath.Join(root, "bin")})
	require.NoError(t, err)
	assert.True(t, found.statements)
}

func TestLocateReportsWhatToInstall(t *testing.T) {
	_, err := locateIn([]string{t.TempDir()})
	require.ErrorIs(t, err, errNoPostgres)
	assert.ErrorContains(t, err, "apt-get install postgresql")
	assert.ErrorContains(t, err, "make postgres")
}

func TestTheErrorForAMissingUserSaysWhatToDo(t *testing.T) {
	_, err := credential("no-such-user")
	assert.ErrorContains(t, err, "no user no-such-user")
	assert.ErrorContains(t, err, "apt-get install postgresql")
}

func TestTheServerDoesNotSeeTheSettingsOfTheCaller(t *testing.T) {
	env := serverEnv([]string{"PGDATA=/elsewhere", "PGPORT=1", "LANG=de_DE.UTF-8", "LC_MESSAGES=de_DE.UTF-8", "TZ=CET"})
	assert.Equal(t, []string{"TZ=CET", "LC_ALL=C.UTF-8"}, env)
}

func program(t *testing.T, folder, name string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(folder, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"), 0o755))
}
