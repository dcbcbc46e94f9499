// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"

	"github.com/otelcol-tasker/otelcol-tasker/internal/child"
)

// Pooler is PgBouncer in transaction mode in front of a cluster. A client has a server connection for one transaction only, so
// session state such as prepared statements is shared with other clients or lost.
type Pooler struct {
	addr    string
	log     *serverLog
	process *child.Process
}

// poolerConfig is PgBouncer's default configuration except for transaction mode, a pool of one connection, so that clients take
// turns, and a retry after 1 instead of 15 seconds if the server is down. Like the cluster, it trusts every user that it knows.
const poolerConfig = `[databases]
* = host=127.0.0.1 port=%d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s
pool_mode = transaction
default_pool_size = 1
server_login_retry = 1
`

// NewPooler starts a pooler that stops when the test ends. It lets the superuser and the given roles in, and connects to the server as
// the role of its client. It fails the test if PgBouncer is not installed.
func NewPooler(t TB, c *Cluster, roles ...string) *Pooler {
	t.Helper()
	p, err := c.startPooler(t.Context(), append(roles, superuser))
	if err != nil {
		t.Fatalf("start PgBouncer: %v", err)
		return nil
	}
	t.Cleanup(func() {
		if err := p.process.Stop(stopGrace); err != nil {
			t.Errorf("stop PgBouncer: %v", err)
		}
		if t.Failed() {
			t.Logf("PgBouncer's log ends with:\n%s", child.LastLines(p.log.text(), 30))
		}
		p.log.freeze()
	})
	return p
}

// DSN returns a DSN, which must be a URL, with the pooler's address.
func (p *Pooler) DSN(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return dsn
	}
	u.Host = p.addr
	return u.String()
}

// startPooler starts a pooler on a free port. Like Launch, it tries several.
func (c *Cluster) startPooler(ctx context.Context, roles []string) (p *Pooler, err error) {
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/pgbouncer"); err != nil {
			return nil, errors.New(`it was not found in PATH or /usr/sbin; "apt-get install pgbouncer" or "make pgbouncer"`)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for range portAttempts {
		if p, err = c.tryPooler(ctx, program, roles); err == nil {
			return p, nil
		}
	}
	return nil, err
}

func (c *Cluster) tryPooler(ctx context.Context, program string, roles []string) (*Pooler, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(c.dir, fmt.Sprintf("pgbouncer-%d.ini", port))
	users := strings.TrimSuffix(config, ".ini") + ".txt"
	for file, text := range map[string]string{
		config: fmt.Sprintf(poolerConfig, c.port, port, users), users: `"` + strings.Join(roles, "\" \"\"\n\"") + `" ""` + "\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return nil, fmt.Errorf("write its configuration: %w", err)
		}
	}
	p := &Pooler{
		addr: net.JoinHostPort("127.0.0.1", fmt.Sprint(port)),
		log:  &serverLog{path: strings.TrimSuffix(config, ".ini") + ".log"},
	}
	if p.process, err = c.spawnTo(p.log, syscall.SIGKILL, program, config); err != nil {
		return nil, err
	}
	var last error
	err = poll(ctx, func() bool {
		if p.process.Exited() {
			return true
		}
		conn, err := pgx.Connect(ctx, p.DSN(c.DSN("postgres")))
		if last = err; err != nil {
			return false
		}
		return conn.Close(ctx) == nil
	})
	switch {
	case p.process.Exited():
		err = exitReason(p.process)
	case err == nil:
		return p, nil
	}
	return nil, errors.Join(fmt.Errorf("%w; its output:\n%s", err, child.LastLines(p.log.text(), 20)), last, p.process.Kill())
}
