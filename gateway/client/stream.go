package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"
)

// KindGap is the kind of a Line that says: what happened here is not told any more.
const KindGap = "gap"

// StreamFilter says what of the stream is read; what is empty is all.
type StreamFilter struct {
	Tenant string
	Kinds  []string // of wait callback event delivery attempt call breaker config
}

// Bounds of reading the stream.
const (
	maxStreamLine = 1 << 20          // bytes
	silence       = 50 * time.Second // there is a comment every 15 s; a connection that is so long silent is dead
)

// Stream tells what happens from now on (SPEC-operations O4), until the context ends. A
// connection that breaks is made anew, and goes on behind the last event, or with a Line of
// KindGap. An error is a refusal, and ends it.
func (c *Client) Stream(ctx context.Context, f StreamFilter) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		s := stream{c: c, yield: yield, request: Request{Method: http.MethodGet, Path: Path("v1", "stream"), Query: Query("tenant", f.Tenant, "kinds", strings.Join(f.Kinds, ","))}}
		var p pauses
		for !s.ended {
			s.opened = false
			err := s.read(ctx)
			if s.opened {
				p = pauses{}
			}
			if s.ended || ctx.Err() != nil {
				return
			}
			r := ready{Request: s.request}
			if !r.again(err) {
				yield(Line{}, err)
				return
			}
			if c.pause(ctx, p.next(err), err) != nil {
				return
			}
		}
	}
}

// stream is one reader, over all its connections.
type stream struct {
	c       *Client
	request Request
	yield   func(Line, error) bool
	last    string // id of the last event
	opened  bool   // this connection was answered
	ended   bool   // nobody reads on
}

var errCut = errors.New("the connection to the stream broke")

// read reads one connection to its end.
func (s *stream) read(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := s.request
	r.Header = http.Header{"Accept": {"text/event-stream"}}
	if s.last != "" {
		r.Header.Set("Last-Event-ID", s.last)
	}
	response, err := s.c.send(ctx, &ready{Request: r})
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if !strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		return &formError{"the answer is not hookgate's stream: is this its internal listener?"}
	}
	s.opened = true
	dead := time.AfterFunc(silence, cancel)
	defer dead.Stop()
	lines := bufio.NewScanner(alive{response.Body, dead})
	lines.Buffer(nil, maxStreamLine)
	var e sent
	for !s.ended && lines.Scan() {
		if e.take(lines.Bytes()) {
			s.tell(&e)
			e = sent{}
		}
	}
	return errCut
}

// alive puts off the end of a connection on which something comes.
type alive struct {
	io.Reader
	dead *time.Timer
}

func (a alive) Read(b []byte) (int, error) {
	n, err := a.Reader.Read(b)
	if n > 0 {
		a.dead.Reset(silence)
	}
	return n, err
}

// sent is one server-sent event while its lines come.
type sent struct {
	id, name string
	data     []byte
}

// take takes a line, and says whether the event is whole.
func (e *sent) take(line []byte) bool {
	if len(line) == 0 {
		return e.name != "" || len(e.data) > 0
	}
	field, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(field) {
	case "id":
		e.id = string(value)
	case "event":
		e.name = string(value)
	case "data":
		e.data = append(e.data, value...)
	}
	return false
}

func (s *stream) tell(e *sent) {
	if e.id != "" {
		s.last = e.id
	}
	line := Line{Kind: e.name}
	if err := json.Unmarshal(e.data, &line); err != nil || line.Kind == "" {
		line = Line{Kind: e.name, Text: e.data}
	}
	s.ended = !s.yield(line, nil)
}
