package stream_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/stream"
)

// socket takes so many bytes, and no more until its owner reads.
type socket struct {
	mu    sync.Mutex
	room  int
	got   bytes.Buffer
	gone  bool
	sends int
}

func (s *socket) Send(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return 0, errors.New("gone")
	}
	s.sends++
	n := min(len(p), s.room)
	s.room -= n
	s.got.Write(p[:n])
	return n, nil
}

func (s *socket) Close() { s.mu.Lock(); defer s.mu.Unlock(); s.gone = true }

// read takes what has come, and makes room.
func (s *socket) read(room int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.got.Reset()
	s.room = room
	return s.got.String()
}

// event is one of a stream.
type event struct{ id, kind, data string }

// events takes a stream's text apart; comments are left out.
func events(t *testing.T, text string) (all []event) {
	t.Helper()
	for block := range strings.SplitSeq(text, "\n\n") {
		if block == "" || strings.HasPrefix(block, ":") {
			continue
		}
		var e event
		for line := range strings.SplitSeq(block, "\n") {
			name, value, ok := strings.Cut(line, ": ")
			switch {
			case ok && name == "id":
				e.id = value
			case ok && name == "event":
				e.kind = value
			case ok && name == "data":
				e.data = value
			default:
				t.Fatalf("the line %q in %q", line, block)
			}
		}
		all = append(all, e)
	}
	return all
}

const plenty = 1 << 30

// reads opens a reader with plenty of room; set may change it.
func reads(s *stream.Stream, set func(*stream.Reader)) (out *socket, left *int, end func()) {
	out, left = &socket{room: plenty}, new(int)
	r := stream.Reader{
		Sees: func(string) bool { return true }, Alive: func() bool { return true }, Out: out, Left: func() { *left++ },
	}
	if set != nil {
		set(&r)
	}
	over := s.Open(r)
	return out, left, func() {
		over()
		settle() // the pump may be at rest with others still there, and must not outlive the bubble
	}
}

// callback is a happening of a tenant, with a key that tells it from others.
func callback(tenant, key string) gateway.Happening {
	return gateway.Happening{Kind: gateway.HappenedCallback, Tenant: tenant, ID: "cb_1", Key: key, Target: "pay", Outcome: "resumed"}
}

// keys gives the conversation keys in the texts of events, and the names of gaps.
func keys(t *testing.T, all []event) string {
	t.Helper()
	var b strings.Builder
	for _, e := range all {
		if e.kind == "gap" {
			b.WriteString("gap ")
			continue
		}
		_, rest, _ := strings.Cut(e.data, `"conversation_key":"`)
		key, _, _ := strings.Cut(rest, `"`)
		b.WriteString(key + " ")
	}
	return strings.TrimSpace(b.String())
}
