// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package pgtest starts throw-away PostgreSQL clusters, for tests and for the demo.
//
// A [Cluster] is a real server in a temporary directory on a free loopback port. Committed data survives a crash of the server
// but not of the machine (see [Cluster.Crash]). On Linux a cluster never outlives the process that launched it. A [Tap] is a
// proxy that counts a client's messages; [StatementCalls] returns the statements that the server executed.
//
// The package does not import package testing, so that programs can use it: [Start], [Cluster.NewDatabase] and [NewTap] take
// the part of testing.TB that they need as a [TB].
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
	// superuser is the role that initdb creates and that every DSN of a cluster uses.
	superuser = "postgres"

	// startTimeout limits a Launch or Restart whose context has no earlier deadline.
	startTimeout = time.Minute

	// stopGrace is how long a server may take to shut down before it is killed. An immediate shutdown itself kills
	// backends that have not reacted after five seconds.
	stopGrace = 10 * time.Second

	// portAttempts is how many ports Launch tries. The server takes no listener from its parent and cannot choose a port
	// itself, so another process can take the port between its choice and the server's bind.
	portAttempts = 5
)

// Cluster is a PostgreSQL server with its own data directory and port. It is safe for concurrent use.
type Cluster struct {
	install installation
	owner   *syscall.Credential // the user of the server; nil for the user of this process
	dir     string              // all files of the cluster; removed by Stop
	options options
	port    int
	log     *serverLog

	databases atomic.Int64 // number of databases created

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
		return nil, fmt.Errorf("create the cluster's directory: %w", err)
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

// create creates the data directory and starts the server on a free port.
func (c *Cluster) create(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()

	if c.owner != nil {
		if err := os.Chown(c.dir, int(c.owner.Uid), int(c.owner.Gid)); err != nil {
			return fmt.Errorf("give the cluster's directory to user %s: %w", superuser, err)
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

// Addr returns the host:port of the server, always on the loopback interface.
func (c *Cluster) Addr() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port))
}

// DSN returns the URL of a database of the cluster over TCP, as superuser, without TLS or password:
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

// Log returns what initdb and the server have logged so far. It is available after Stop, too.
func (c *Cluster) Log() string {
	return c.log.text()
}

// Stop shuts the server down without a checkpoint, kills it if it does not exit, and removes the directory. Further calls,
// including concurrent ones, wait for the first and return its result.
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
// [Cluster.Restart] then recovers from the write-ahead log. Committed data survives: fsync is off, but a commit is acknowledged
// only after it was written to the kernel's page cache.
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

// Restart starts the server again on the same port and directory, and returns when it accepts connections. A running server is
// shut down first, which closes its connections.
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

// writeFiles writes the files that settings refer to into the data directory, readable by the server's user only.
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

// freePort returns a loopback port that is free at the moment.
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

// removeFolder removes a directory. It retries for a while, because a process that was just killed may still be writing a file.
func removeFolder(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	var err error
	if poll(ctx, func() bool { err = os.RemoveAll(dir); return err == nil }) != nil {
		return fmt.Errorf("remove the cluster's directory: %w", err)
	}
	return nil
}
