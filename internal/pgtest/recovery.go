// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// standbySignal is the file whose presence makes the server start in recovery.
const standbySignal = "standby.signal"

// RestartInRecovery starts the server again on the same port and folder, as a standby whose primary is away: it stays in
// recovery. Where it accepts connections, they can only read; where not, it refuses them with SQLSTATE 57P03. A Restart, or
// another RestartInRecovery, ends that.
func (c *Cluster) RestartInRecovery(ctx context.Context, accepts bool) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return errors.New("restart in recovery: the cluster is stopped and its folder removed; launch a new one")
	}
	if c.running() {
		if err := stopServer(c.server, syscall.SIGINT); err != nil {
			return fmt.Errorf("restart in recovery: %w", err)
		}
	}
	signal := filepath.Join(c.dataDir(), standbySignal)
	if err := os.WriteFile(signal, nil, 0o644); err != nil {
		return fmt.Errorf("restart in recovery: %w", err)
	}
	var err error
	if accepts {
		err = c.start(ctx)
	} else {
		err = c.startRefusing(ctx)
	}
	if err != nil {
		return fmt.Errorf("restart in recovery: %w", err)
	}
	return nil
}

// startRefusing runs the server and waits until it says that it accepts no connections.
func (c *Cluster) startRefusing(ctx context.Context) (err error) {
	before := len(c.Log())
	if c.server, err = c.spawn(c.install.postgres, append(c.serverArgs(), "-c", "hot_standby=off")...); err != nil {
		return err
	}
	err = poll(ctx, func() bool {
		return c.server.Exited() || strings.Contains(c.Log()[before:], "entering standby mode")
	})
	if err == nil && c.server.Exited() {
		err = exitReason(c.server)
	}
	if err != nil {
		return errors.Join(err, stopServer(c.server, syscall.SIGQUIT))
	}
	return nil
}

// leaveRecovery makes the next start an ordinary one.
func (c *Cluster) leaveRecovery() error {
	err := os.Remove(filepath.Join(c.dataDir(), standbySignal))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
