// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

import (
	"encoding/binary"
	"fmt"
)

// Codes that packets before a session have in place of the protocol version (PostgreSQL documentation,
// "Message Formats").
const (
	codeCancel = 80877102
	codeSSL    = 80877103
	codeGSSENC = 80877104
)

// Types of frontend messages. A session starts with a packet that has no type byte; the parser gives it one.
const (
	typeStartup = 0
	typeExecute = 'E'
	typeQuery   = 'Q'
	typeSync    = 'S'
)

// frontendParser splits the bytes that a client sends into messages. Reads may end anywhere in a message.
type frontendParser struct {
	started bool    // the startup packet was read; messages follow
	head    [8]byte // the header of the current packet or message
	have    int     // bytes of the header read so far
	skip    uint32  // remaining bytes of the body
}

// feed takes the next bytes of the stream and calls emit with the type of each message that begins in them.
func (p *frontendParser) feed(data []byte, emit func(messageType byte)) error {
	for len(data) > 0 {
		if p.skip > 0 {
			n := min(p.skip, uint32(min(len(data), 1<<30)))
			p.skip -= n
			data = data[n:]
			continue
		}
		n := copy(p.head[p.have:p.headLen()], data)
		p.have += n
		data = data[n:]
		if p.have < p.headLen() {
			return nil
		}
		p.have = 0
		var err error
		if p.started {
			err = p.message(emit)
		} else {
			err = p.startup(emit)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// headLen is 8 before the session (length, code) and 5 in it (type, length).
func (p *frontendParser) headLen() int {
	if p.started {
		return 5
	}
	return 8
}

// startup reads a packet that comes before the session. A request for encryption is answered with one byte, and
// another packet follows; PostgreSQL without TLS answers N, and the client continues in plain text.
func (p *frontendParser) startup(emit func(byte)) error {
	length := binary.BigEndian.Uint32(p.head[:4])
	code := binary.BigEndian.Uint32(p.head[4:8])
	if length < 8 {
		return fmt.Errorf("startup packet of %d bytes: want 8 or more", length)
	}
	p.skip = length - 8
	switch {
	case code == codeSSL, code == codeGSSENC, code == codeCancel:
	case code>>16 == 3:
		p.started = true
		emit(typeStartup)
	default:
		return fmt.Errorf("startup packet with code %#x: want protocol 3; is the connection encrypted? "+
			"use sslmode=disable", code)
	}
	return nil
}

func (p *frontendParser) message(emit func(byte)) error {
	length := binary.BigEndian.Uint32(p.head[1:5])
	if length < 4 {
		return fmt.Errorf("message %q of %d bytes: want 4 or more", p.head[0], length)
	}
	p.skip = length - 4
	emit(p.head[0])
	return nil
}
