// SPDX-License-Identifier: Apache-2.0

// Package terminal writes for people who look at a terminal, and plain text for everything else.
package terminal

import (
	"io"
	"os"
)

// Is reports whether the writer is a terminal.
func Is(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Style colours text, or returns it as it is. The zero value does not colour.
type Style struct{ colours bool }

// Plain does not colour, and Coloured does.
var (
	Plain    = Style{}
	Coloured = Style{colours: true}
)

// StyleOf returns the style for a writer: coloured for a terminal, unless NO_COLOR (https://no-color.org) is set or the terminal has no colours.
func StyleOf(w io.Writer) Style {
	if !Is(w) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return Plain
	}
	return Coloured
}

// Green is for what is right.
func (s Style) Green(text string) string { return s.code("32", text) }

// Red is for what is wrong.
func (s Style) Red(text string) string { return s.code("31", text) }

// Dim is for what is not looked at first.
func (s Style) Dim(text string) string { return s.code("2", text) }

func (s Style) code(code, text string) string {
	if !s.colours || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
