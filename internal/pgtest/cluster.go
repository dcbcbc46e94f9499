// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package pgtest starts throw-away PostgreSQL clusters, for tests and for the demo.
//
// A [Cluster] is a real server in a temporary folder on a free loopback port. It is as durable as a test can notice
// and no more (see [Cluster.Crash]), and it never outlives the process that launched it. A [Tap] stands between a
// client and the server and counts what the client says; [StatementCalls] tells what the server made of it.
//
// The package does not import package testing, so that a program may use it: [Start], [Cluster.NewDatabase] and
// [NewTap] take the small part of testing.TB that they need as a [TB].
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/internal/child"
)

const (
	// superuser is the role that initdb creates; every DSN of a cluster logs in as it.
	superuser = "postgres"

	// startTimeout bounds one Launch or Restart whose context has no nearer deadline.
	startTimeout = time.Minute

	// stopGrace is how long a server may take to shut down before it is killed. An immediate shutdown itself kills
	// backends that have not reacted after five seconds.
	stopGrace = 10 * time.Second

	// portAttempts is how many ports Launch tries before it gives up: between the choice of a free port and the
	// server's bind, another process can take it.
	portAttempts = 5
)

// Cluster is a PostgreSQL server of its own: one data folder, one port. It is safe for concurrent use.
type Cluster struct {
	install installation
	owner   *syscall.Credential // who runs the server; nil for the user of this process
	dir     string              // everything of this cluster; removed by Stop
	options options
	port    int
	log     *serverLog

	databases atomic.Int64 // how many NewDatabase has named

	mu      sync.Mutex     // held while the server starts, crashes or stops
	server  *child.Process // nil before the first start
	stopped bool
	stopErr error
}

// Launch creates a cluster and starts its server. It returns when the server accepts connections. The context bounds
// the start only; [Cluster.Stop] ends the server, and so does the death of this process.
//
// It looks for initdb and postgres in PATH, in /usr/lib/postgresql/*/bin (newest first) and where pg_config says. When
// this process runs as root, the server runs as the user postgres, because PostgreSQL refuses to run as root. An error
// says what is missing, or ends with the last lines of the server's log.
func Launch(ctx context.Context, opts ...Option) (*Cluster, error) {
	install, err := locate()
	if err != nil {
		return nil, err
	}
	owner, err := serverUser()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest-")
	if err != nil {
		return nil, fmt.Errorf("create the cluster's folder: %w", err)
	}
	c := &Cluster{
		install: install,
		owner:   owner,
		dir:     dir,
		options: newOptions(opts),
		log:     &serverLog{path: filepath.Join(dir, "server.log")},
	}
	if err := c.create(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// create fills the data folder and starts the server on a port that is free.
func (c *Cluster) create(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()

	if c.owner != nil {
		if err := os.Chown(c.dir, int(c.owner.Uid), int(c.owner.Gid)); err != nil {
			return fmt.Errorf("give the cluster's folder to user %s: %w", superuser, err)
		}
	}
	if err := c.initdb(ctx); err != nil {
		return err
	}
	if err := c.writeFiles(); err != nil {
		return err
	}
	var err error
	for range portAttempts {
		if c.port, err = freePort(ctx); err != nil {
			return err
		}
		if err = c.start(ctx); !errors.Is(err, errPortTaken) {
			return err
		}
	}
	return err
}

// Addr is the host:port of the server, always on the loopback interface.
func (c *Cluster) Addr() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port))
}

// DSN is the URL of a database of this cluster over TCP, as superuser, without TLS and without password:
// postgres://postgres@127.0.0.1:PORT/database?sslmode=disable.
func (c *Cluster) DSN(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(superuser),
		Host:     c.Addr(),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Log is what initdb and the server have written so far. It stays readable after Stop.
func (c *Cluster) Log() string {
	return c.log.text()
}

// Stop ends the server, without a checkpoint since nobody will read the data again, kills it if it does not go, and
// removes the folder. A second call, also a concurrent one, waits for the first and returns its result.
func (c *Cluster) Stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return c.stopErr
	}
	c.stopped = true
	if c.server != nil {
		c.stopErr = stopServer(c.server, syscall.SIGQUIT)
	}
	c.log.freeze()
	c.stopErr = errors.Join(c.stopErr, removeFolder(c.dir))
	return c.stopErr
}

// Crash kills the server and all its backends at once, as the kernel's out-of-memory killer or a failing node would.
// The folder stays for [Cluster.Restart], which then has to recover from the write-ahead log. Committed data survives:
// fsync is off, but a commit is not acknowledged before it was handed to the kernel, and the kernel lives on.
func (c *Cluster) Crash() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running() {
		return errors.New("crash: the server is not running")
	}
	if err := killServer(c.server); err != nil {
		return fmt.Errorf("crash: %w", err)
	}
	return nil
}

// Restart starts the server again on the same port and folder, and returns when it accepts connections. A server that
// still runs is shut down first, which ends its connections.
func (c *Cluster) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return errors.New("restart: the cluster is stopped and its folder removed; launch a new one")
	}
	if c.running() {
		if err := stopServer(c.server, syscall.SIGINT); err != nil {
			return fmt.Errorf("restart: %w", err)
		}
	}
	if err := c.leaveRecovery(); err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	if err := c.start(ctx); err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	return nil
}

func (c *Cluster) running() bool {
	return c.server != nil && !c.server.Exited()
}

// writeFiles puts the files that settings name into the data folder, for the server's user alone.
func (c *Cluster) writeFiles() error {
	for name, content := range c.options.files {
		path := filepath.Join(c.dataDir(), name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		if c.owner != nil {
			if err := os.Chown(path, int(c.owner.Uid), int(c.owner.Gid)); err != nil {
				return fmt.Errorf("give %s to user %s: %w", name, superuser, err)
			}
		}
	}
	return nil
}

func (c *Cluster) dataDir() string {
	return filepath.Join(c.dir, "data")
}

// freePort asks the kernel for a loopback port that nobody listens on.
func freePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return port, nil
}

// removeFolder removes the folder and all in it. A process that was killed a moment ago may still be writing its last
// file, so it tries for a while.
func removeFolder(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	var err error
	if poll(ctx, func() bool { err = os.RemoveAll(dir); return err == nil }) != nil {
		return fmt.Errorf("remove the cluster's folder: %w", err)
	}
	return nil
}
