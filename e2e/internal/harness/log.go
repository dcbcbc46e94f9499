// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
)

// Log is what a collector writes: JSON lines, and whatever else a process that goes wrong says.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Count returns the number of lines that hold a text.
func (l *Log) Count(text string) int {
	n := 0
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// signalIsOff is said of a configuration that lets nothing of a signal through, as that of many a test does.
const signalIsOff = `"every rate for`

// Faults returns the lines that nobody expects of a collector that is well: warnings and errors that hold none of the
// expected texts, and lines that are no log entries, such as panics and reports of data races.
func (l *Log) Faults(expect []string) []string {
	var faults []string
	for line := range strings.Lines(l.String()) {
		line = strings.TrimSpace(line)
		var entry struct {
			Level string `json:"level"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err == nil && (entry.Level == "info" || entry.Level == "debug") {
			continue
		}
		if line != "" && !holdsAny(line, expect) && !strings.Contains(line, signalIsOff) {
			faults = append(faults, line)
		}
	}
	return faults
}

func holdsAny(line string, texts []string) bool {
	for _, text := range texts {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}
