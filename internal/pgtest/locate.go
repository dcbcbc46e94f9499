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

// errNoPostgres says that there is no server on this machine and what to do about it.
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

// locateIn takes the first of the folders that has both programs.
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

// binaryFolders are the places to look in, best first.
func binaryFolders() []string {
	var folders []string
	if initdb, err := exec.LookPath("initdb"); err == nil {
		// Debian's own folder is not in PATH, but links to it may be: the libraries are beside the target.
		if target, err := filepath.EvalSymlinks(initdb); err == nil {
			initdb = target
		}
		folders = append(folders, filepath.Dir(initdb))
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // fails for a bad pattern only
	slices.SortFunc(debian, newestFirst)
	folders = append(folders, debian...)
	if folder := pgConfig("pg_config", "--bindir"); folder != "" {
		folders = append(folders, folder)
	}
	return folders
}

// newestFirst orders folders such as /usr/lib/postgresql/15/bin by release, as numbers: 9.6 is older than 15.
func newestFirst(a, b string) int {
	release := func(folder string) float64 {
		number, _ := strconv.ParseFloat(filepath.Base(filepath.Dir(folder)), 64)
		return number
	}
	return cmp.Compare(release(b), release(a))
}

// hasStatements looks for the library: the server does not start when it is told to load one that is not there.
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

// pgConfig asks a pg_config program; the answer is empty when there is none.
func pgConfig(program, question string) string {
	answer, err := exec.Command(program, question).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(answer))
}

// serverUser is the user to run the server as, or nil for the user of this process.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	return credential(superuser)
}

// credential looks a user of this machine up.
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
