// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"fmt"
	"os"
	"sync"
)

// serverLog is the file that initdb and the server write to, and its text after the file was removed.
//
// The processes write to the file rather than a pipe: with a pipe, Wait would not return before the last backend has closed it.
type serverLog struct {
	path string

	mu     sync.Mutex
	frozen bool
	final  string
}

// open opens the file for a process to append to.
func (l *serverLog) open() (*os.File, error) {
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	return file, nil
}

func (l *serverLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.read()
}

// freeze keeps the text before the file is removed.
func (l *serverLog) freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.final, l.frozen = l.read(), true
}

func (l *serverLog) read() string {
	if l.frozen {
		return l.final
	}
	text, err := os.ReadFile(l.path)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Sprintf("the server's log cannot be read: %v", err)
	}
	return string(text)
}
