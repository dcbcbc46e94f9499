// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"

	"github.com/otelcol-tasker/otelcol-tasker/internal/child"
)

// errPortTaken tells a start that lost the race for its port from one that failed for good.
var errPortTaken = errors.New("the server's port was taken by another process")

// initdb creates the data folder.
func (c *Cluster) initdb(ctx context.Context) error {
	p, err := c.spawn(c.install.initdb,
		"--pgdata", c.dataDir(),
		"--username", superuser,
		"--auth", "trust",
		"--locale", "C.UTF-8",
		"--encoding", "UTF8",
		"--no-sync",
	)
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("initdb: %w", context.Cause(ctx)), p.Kill())
	}
	if err := p.Wait(); err != nil {
		return fmt.Errorf("initdb: %w; its output:\n%s", err, child.LastLines(c.Log(), 20))
	}
	return nil
}

// start runs the server and waits until it answers. On an error no server is left running.
func (c *Cluster) start(ctx context.Context) error {
	before := len(c.Log())
	server, err := c.spawn(c.install.postgres, c.serverArgs()...)
	if err != nil {
		return err
	}
	c.server = server
	if c.options.nice != 0 { // before it has children, which inherit it
		if err := syscall.Setpriority(syscall.PRIO_PROCESS, server.PID(), c.options.nice); err != nil {
			return errors.Join(fmt.Errorf("set the server's priority: %w", err), stopServer(server, syscall.SIGQUIT))
		}
	}
	if err := c.awaitReady(ctx); err != nil {
		err = errors.Join(err, stopServer(server, syscall.SIGQUIT))
		said := c.Log()[before:]
		if strings.Contains(said, "could not bind") {
			return fmt.Errorf("%w: %s", errPortTaken, c.Addr())
		}
		return fmt.Errorf("%w; the server's log ends with:\n%s", err, child.LastLines(said, 20))
	}
	return nil
}

// serverArgs are the server's settings, in the order in which a later one wins.
func (c *Cluster) serverArgs() []string {
	settings := []setting{
		{"listen_addresses", "127.0.0.1"},
		{"port", strconv.Itoa(c.port)},
		{"unix_socket_directories", c.dir},
		// The folder never outlives this boot of the machine, so nothing has to reach the disk. Commits stay
		// synchronous all the same: handing them to the kernel is cheap, and Crash must not lose them.
		{"fsync", "off"},
		{"full_page_writes", "off"},
		{"synchronous_commit", "on"},
		// The same on every machine: start reads the messages, and Tasker's timestamps carry no zone.
		{"lc_messages", "C"},
		{"timezone", "UTC"},
		{"log_timezone", "UTC"},
	}
	if c.install.statements {
		settings = append(settings, setting{"shared_preload_libraries", "pg_stat_statements"})
	}
	args := []string{"-D", c.dataDir()}
	for _, s := range append(settings, c.options.settings...) {
		args = append(args, "-c", s.name+"="+s.value)
	}
	return args
}

// awaitReady polls until a connection succeeds, the server has exited, or the context ends.
//
// It connects through the socket in the cluster's own folder. Over TCP it could reach another server that won the race
// for the port. The server opens this socket after the TCP port, so when one answers, both do.
func (c *Cluster) awaitReady(ctx context.Context) error {
	query := url.Values{
		"host":    {c.dir},
		"port":    {strconv.Itoa(c.port)},
		"sslmode": {"disable"},
	}
	config, err := pgx.ParseConfig("postgres://" + superuser + "@/postgres?" + query.Encode())
	if err != nil {
		return fmt.Errorf("connect to the new server: %w", err)
	}
	var last error
	err = poll(ctx, func() bool {
		if c.server.Exited() {
			return true
		}
		conn, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			last = err
			return false
		}
		last = conn.Close(ctx)
		return true
	})
	switch {
	case c.server.Exited():
		return fmt.Errorf("the server ended while it started: %w", exitReason(c.server))
	case err != nil:
		return fmt.Errorf("the server does not accept connections: %w", errors.Join(err, last))
	default:
		return nil
	}
}

// spawn starts a program of the installation with its output in the server's log. When this process dies, the program
// receives SIGQUIT, the server's immediate shutdown: unlike SIGKILL, it ends the backends and frees the shared memory.
func (c *Cluster) spawn(program string, args ...string) (*child.Process, error) {
	return c.spawnTo(c.log, syscall.SIGQUIT, program, args...)
}

func (c *Cluster) spawnTo(log *serverLog, parentDeath syscall.Signal, program string, args ...string) (*child.Process, error) {
	output, err := log.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = output.Close() }() // the process has its own descriptor by then

	cmd := exec.Command(program, args...)
	cmd.Dir = c.dir // the folder of this process may be closed to the server's user
	cmd.Env = serverEnv(os.Environ())
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	return child.Start(cmd, parentDeath)
}

// serverEnv leaves out what would reach into the server from outside: PGDATA, PGPORT and the like, and the language.
func serverEnv(environ []string) []string {
	env := make([]string, 0, len(environ)+1)
	for _, entry := range environ {
		if !strings.HasPrefix(entry, "PG") && !strings.HasPrefix(entry, "LC_") && !strings.HasPrefix(entry, "LANG") {
			env = append(env, entry)
		}
	}
	return append(env, "LC_ALL=C.UTF-8")
}
