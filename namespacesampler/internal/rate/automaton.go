// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"math/bits"
	"unicode"
	"unicode/utf8"
)

const (
	// anyCharacter stands for ? among the characters of a pattern.
	anyCharacter rune = -1
	// invalidByte is added to a byte of invalid UTF-8, which is a character of its own.
	invalidByte rune = unicode.MaxRune + 1
)

// wordBits is the number of states in a word.
const wordBits = 64

// automaton matches names against consecutive patterns, all at once. It is nondeterministic (Shift-And): state j of a pattern means
// that the name so far matches the first j characters of the pattern, stars aside. Each state is a bit, and all of them advance in a
// few operations for each word and character of the name, so that no pattern makes a name be read twice.
//
// Several patterns share a word. A longer pattern has an automaton of its own, of several words.
type automaton struct {
	first int // the index of the first pattern
	words int

	// ascii and others are the classes of characters. Class 0 has all characters that no pattern names.
	ascii  [utf8.RuneSelf]uint16
	others map[rune]uint16
	// masks are the states that a character leads to, by class: words for each.
	masks []uint64

	start  []uint64 // states before the first character
	stay   []uint64 // states in front of a star, which any character leaves as they are
	accept []uint64 // last states of patterns
	ended  []uint64 // last states that stay: the rest of the name makes no difference
}

// parsedPattern is a pattern as an automaton is built from it.
type parsedPattern struct {
	characters []rune
	stars      []int // how many characters are in front of each star
}

func parse(pattern string) (p parsedPattern) {
	for i := 0; i < len(pattern); {
		c, size := character(pattern[i:])
		i += size
		switch c {
		case '*':
			p.stars = append(p.stars, len(p.characters))
		case '?':
			p.characters = append(p.characters, anyCharacter)
		default:
			p.characters = append(p.characters, c)
		}
	}
	return p
}

// character returns the first character of a text that is not empty, and its length in bytes.
func character(text string) (c rune, size int) {
	c, size = utf8.DecodeRuneInString(text)
	if c == utf8.RuneError && size == 1 {
		c = invalidByte + rune(text[0])
	}
	return c, size
}

// states returns the number of states of a pattern.
func (p *parsedPattern) states() int { return len(p.characters) + 1 }

// compile returns automata of patterns, in their order.
func compile(patterns []string) (automata []automaton) {
	var pending []parsedPattern
	first, states := 0, 0
	flush := func() {
		if len(pending) > 0 {
			automata = append(automata, newAutomaton(first, pending, states))
		}
		first, states, pending = first+len(pending), 0, pending[:0]
	}
	for _, pattern := range patterns {
		p := parse(pattern)
		if states+p.states() > wordBits {
			flush()
		}
		pending, states = append(pending, p), states+p.states()
	}
	flush()
	return automata
}

func newAutomaton(first int, patterns []parsedPattern, states int) automaton {
	words := (states + wordBits - 1) / wordBits
	a := automaton{
		first: first, words: words, others: map[rune]uint16{}, masks: make([]uint64, words),
		start: make([]uint64, words), stay: make([]uint64, words), accept: make([]uint64, words), ended: make([]uint64, words),
	}
	at := 0 // the first state of the pattern
	for _, p := range patterns {
		set(a.start, at)
		for _, star := range p.stars {
			set(a.stay, at+star)
		}
		for j, c := range p.characters {
			set(a.maskOf(c), at+j+1)
		}
		set(a.accept, at+len(p.characters))
		at += p.states()
	}
	for i := words; i < len(a.masks); i++ { // what any character leads to, a named one does too
		a.masks[i] |= a.masks[i%words]
	}
	for i := range a.ended {
		a.ended[i] = a.accept[i] & a.stay[i]
	}
	return a
}

func set(states []uint64, i int) { states[i/wordBits] |= 1 << (i % wordBits) }

// maskOf returns the states that a character of a pattern leads to, with a class of its own for a character that is new.
func (a *automaton) maskOf(c rune) []uint64 {
	class := a.classOf(c)
	if class == 0 && c != anyCharacter {
		class = len(a.masks) / a.words
		a.masks = append(a.masks, make([]uint64, a.words)...)
		if c < utf8.RuneSelf {
			a.ascii[c] = uint16(class) //nolint:gosec // a pattern has at most 256 characters
		} else {
			a.others[c] = uint16(class) //nolint:gosec // a pattern has at most 256 characters
		}
	}
	return a.masks[class*a.words : (class+1)*a.words]
}

func (a *automaton) classOf(c rune) int {
	if 0 <= c && c < utf8.RuneSelf {
		return int(a.ascii[c])
	}
	return int(a.others[c])
}

// match returns the index of the first of its patterns that matches a whole name, and how many bytes of the name had to be read.
func (a *automaton) match(name string) (index, read int, ok bool) {
	matched, read := a.run(name)
	if matched == 0 {
		return 0, read, false
	}
	return a.index(matched), read, true
}

// index returns the index of the first of the patterns that matched, as run returned them.
func (a *automaton) index(matched uint64) int {
	isBefore := matched&-matched - 1
	return a.first + bits.OnesCount64(a.accept[0]&isBefore)
}

// run returns which of its patterns match a whole name, as their last states in a word, and how many bytes of the name had to be read.
func (a *automaton) run(name string) (matched uint64, read int) {
	if a.words > 1 { // one pattern; any state will do, since the first word has no last state
		read, ok := a.runLong(name)
		if ok {
			matched = 1
		}
		return matched, read
	}
	mask, stay, ended := a.masks, a.stay[0], a.ended[0]
	state := a.start[0]
	for read < len(name) && state&^ended != 0 {
		class := uint16(0)
		if b := name[read]; b < utf8.RuneSelf {
			class = a.ascii[b]
			read++
		} else {
			c, size := character(name[read:])
			class = a.others[c]
			read += size
		}
		state = state<<1&mask[class] | state&stay
	}
	return state & a.accept[0], read
}

// runLong is run for an automaton of several words, which has one pattern.
func (a *automaton) runLong(name string) (read int, ok bool) {
	var buffer [(MaxPatternBytes + wordBits) / wordBits]uint64
	state := append(buffer[:0], a.start...)
	stay, ended := a.stay[:len(state)], a.ended[:len(state)]
	for read < len(name) {
		c, size := character(name[read:])
		read += size
		class := a.classOf(c)
		mask := a.masks[class*a.words:][:len(state)]
		undecided, carry := uint64(0), uint64(0)
		for i, s := range state {
			next := (s<<1|carry)&mask[i] | s&stay[i]
			state[i] = next
			undecided |= next &^ ended[i]
			carry = s >> (wordBits - 1)
		}
		if undecided == 0 {
			break
		}
	}
	for i, s := range state {
		ok = ok || s&a.accept[i] != 0
	}
	return read, ok
}
