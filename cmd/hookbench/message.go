//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// message is one request, as it goes over the wire.
type message struct {
	head   []byte // request line, and the fields that are the same in all requests of a load
	fields []byte // further header fields, each with its line's end
	body   []byte
}

// newHead makes a request line and header fields, given as names and values in turns.
func newHead(method, addr, path string, fields ...string) []byte {
	head := []byte(method + " " + path + " HTTP/1.1\r\nHost: " + addr + "\r\n")
	for i := 0; i < len(fields); i += 2 {
		head = appendField(head, fields[i], fields[i+1])
	}
	return head
}

// internalHead is of a request to the internal API.
func internalHead(method, addr, path string) []byte {
	return newHead(method, addr, path, "Authorization", "Bearer "+adminToken, "Content-Type", "application/json")
}

func appendField(b []byte, name, value string) []byte {
	b = append(append(b, name...), ": "...)
	return append(append(b, value...), "\r\n"...)
}

func (m *message) appendTo(b []byte) []byte {
	b = append(append(b, m.head...), m.fields...)
	if !bytes.HasPrefix(m.head, []byte("GET ")) {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(m.body)), 10)
		b = append(b, "\r\n"...)
	}
	return append(append(b, "\r\n"...), m.body...)
}

// answer is one response; body is only good until the next is read.
type answer struct {
	status int
	body   []byte
	close  bool // the server closes the connection after it
}

// maxHead bounds the header of an answer.
const maxHead = 64 << 10

// readAnswer reads the answer that b begins with, and says how long it is: 0 when more
// of it is to come. It knows what servers that are measured send, and no more.
func readAnswer(b []byte) (a answer, size int, err error) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		if len(b) > maxHead {
			err = errors.New("an answer's header has no end")
		}
		return a, 0, err
	}
	head := b[:end+2]
	if len(head) < 12 || !bytes.HasPrefix(head, []byte("HTTP/1.1 ")) {
		return a, 0, fmt.Errorf("this is no answer: %q", head)
	}
	if a.status, err = strconv.Atoi(string(head[9:12])); err != nil || a.status < 200 {
		return a, 0, fmt.Errorf("this is no final answer: %q", head)
	}
	size = end + 4
	if a.status != 204 && a.status != 304 {
		length, found := field(head, "Content-Length")
		n, err := strconv.Atoi(string(length))
		if !found || err != nil || n < 0 {
			return a, 0, fmt.Errorf("an answer does not say how long it is: %q", head)
		}
		size += n
	}
	if len(b) < size {
		return a, 0, nil
	}
	said, _ := field(head, "Connection")
	a.close = string(said) == "close"
	a.body = b[end+4 : size]
	return a, size, nil
}

// field gives the value of a header field, whose name is written as servers write it or
// in small letters.
func field(head []byte, name string) (value []byte, found bool) {
	_, rest, found := bytes.Cut(head, []byte("\r\n"+name+": "))
	if !found {
		_, rest, found = bytes.Cut(head, bytes.ToLower([]byte("\r\n"+name+": ")))
	}
	value, _, _ = bytes.Cut(rest, []byte("\r\n"))
	return value, found
}
