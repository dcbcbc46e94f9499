// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

const remedy = `install PostgreSQL 13 or later: "apt-get install postgresql" or "make postgres"`

// errNoPostgres reports that PostgreSQL is not installed, and how to install it.
var errNoPostgres = errors.New("initdb and postgres were not found in PATH, in /usr/lib/postgresql/*/bin or where " +
	"pg_config says; " + remedy)

// installation is one release of PostgreSQL on this machine.
type installation struct {
	initdb, postgres string // paths
	statements       bool   // whether it has the library pg_stat_statements
}

// locate finds an installation.
func locate() (installation, error) {
	return locateIn(binaryFolders())
}

// locateIn returns the installation in the first of the directories that has both programs.
func locateIn(folders []string) (installation, error) {
	for _, folder := range folders {
		initdb, initdbErr := exec.LookPath(filepath.Join(folder, "initdb"))
		postgres, postgresErr := exec.LookPath(filepath.Join(folder, "postgres"))
		if initdbErr == nil && postgresErr == nil {
			return installation{initdb: initdb, postgres: postgres, statements: hasStatements(folder)}, nil
		}
	}
	return installation{}, errNoPostgres
}

// binaryFolders returns the directories to search, in order of preference.
func binaryFolders() []string {
	var folders []string
	if initdb, err := exec.LookPath("initdb"); err == nil {
		// On Debian, PATH may contain links to the programs; the libraries are next to their target.
		if target, err := filepath.EvalSymlinks(initdb); err == nil {
			initdb = target
		}
		folders = append(folders, filepath.Dir(initdb))
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is valid
	slices.SortFunc(debian, newestFirst)
	folders = append(folders, debian...)
	if folder := pgConfig("pg_config", "--bindir"); folder != "" {
		folders = append(folders, folder)
	}
	return folders
}

// newestFirst compares directories such as /usr/lib/postgresql/15/bin by release number: 9.6 is older than 15.
func newestFirst(a, b string) int {
	release := func(folder string) float64 {
		number, _ := strconv.ParseFloat(filepath.Base(filepath.Dir(folder)), 64)
		return number
	}
	return cmp.Compare(release(b), release(a))
}

// hasStatements reports whether the library is installed. The server does not start if a library to preload is missing.
func hasStatements(binaries string) bool {
	folders := []string{
		pgConfig(filepath.Join(binaries, "pg_config"), "--pkglibdir"),
		filepath.Join(binaries, "..", "lib"),
		filepath.Join(binaries, "..", "lib", "postgresql"),
	}
	return slices.ContainsFunc(folders, func(folder string) bool {
		if folder == "" {
			return false
		}
		found, _ := filepath.Glob(filepath.Join(folder, "pg_stat_statements.*")) // .so, .dylib
		return len(found) > 0
	})
}

// pgConfig returns the output of a pg_config program, empty if it cannot be run.
func pgConfig(program, question string) string {
	answer, err := exec.Command(program, question).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(answer))
}

// serverUser returns the user to run the server as, nil for the user of this process.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	return credential(superuser)
}

// credential looks up a user.
func credential(name string) (*syscall.Credential, error) {
	account, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root, and there is no user %s to run it as: %w; %s, "+
			"which creates that user, or do not run as root", name, err, remedy)
	}
	uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
