// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
)

// Log collects what a collector writes: JSON lines, and whatever a process prints when it fails.
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

// Count returns the number of lines that contain a text.
func (l *Log) Count(text string) int {
	n := 0
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// Value returns the value of a text field in the latest entry of a component that has the field, or an empty string.
func (l *Log) Value(component, field string) string {
	value := ""
	for line := range strings.Lines(l.String()) {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) != nil || entry["otelcol.component.id"] != component {
			continue
		}
		if text, ok := entry[field].(string); ok {
			value = text
		}
	}
	return value
}

// signalIsOff is part of the warning about a signal whose every rate is 0, which many tests configure on purpose.
const signalIsOff = `"every rate for`

// Faults returns the unexpected lines: warnings and errors that contain none of the expected texts, and lines that are not log
// entries, such as panics and reports of data races.
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
		if line != "" && !containsAny(line, expect) && !strings.Contains(line, signalIsOff) {
			faults = append(faults, line)
		}
	}
	return faults
}

func containsAny(line string, texts []string) bool {
	for _, text := range texts {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}
