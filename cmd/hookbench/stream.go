//go:build linux

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// What the sink looks for in an event: its number, and when it was sent.
const (
	seqMember  = `"seq":`
	sentMember = `"sent":` // Unix nanoseconds
)

// eventType, eventHead and eventTail are a message as the platform sends it, around what
// differs: the type, the text, the conversation, and the members above.
const (
	eventType = `{"event":{"type":"`
	eventHead = `","payload":{"message_by":{"email":null,"id":null,"type":"visitor"},"message":{"type":"text","text":"`
	eventTail = `,"account":{"key":"VGYh5KEUxnaS043726528180Llb9R8pe","id":476,"bot":{"id":8861}},"visitor":{"key":"a569015fa03d41a283ed4c66c4601966","id":826373},"timestamp":"2023-09-01 14:13:45.503552"}`
)

// conversations is over how many conversations events are spread.
const conversations = 1000

// stream makes requests that publish events, numbered from 0.
type stream struct {
	*pace        // of requests; nil: as fast as answers come
	path  string // "" for the echo and the bare relay
	bare  bool   // it is the bare relay
	addr  string
	per   int    // events a request
	kind  string // type of each event
	text  string // of each message
}

func newStream(addr, tenant string, per, size int) *stream {
	s := &stream{addr: addr, per: per, kind: "message"}
	if tenant != "" {
		s.path = "/v1/tenants/" + tenant + "/events"
	}
	s.text = strings.Repeat("x", max(0, size-len(s.appendEvent(nil, 0, time.Unix(0, 1e18)))))
	return s
}

func (s *stream) appendEvent(b []byte, seq int, sent time.Time) []byte {
	b = append(append(b, eventType...), s.kind...)
	b = append(b, eventHead...)
	b = append(b, s.text...)
	b = append(b, `"}}},"conversation":{"key":"42bb83f00d8240e5bb41290a12eb4440`...)
	b = strconv.AppendInt(b, int64(seq%conversations), 10)
	b = append(b, `","id":7525695},`+seqMember...)
	b = strconv.AppendInt(b, int64(seq), 10)
	b = append(b, `,`+sentMember...)
	b = strconv.AppendInt(b, sent.UnixNano(), 10)
	return append(b, eventTail...)
}

// newBareStream is of the same events, for the bare relay.
func newBareStream(addr string, size int) *stream {
	s := newStream(addr, "", 1, size)
	s.bare = true
	return s
}

// load sends n events, which per divides.
func (s *stream) load(conns, n int) *load {
	return &load{addr: s.addr, conns: conns, n: n / s.per, pace: s.pace, fill: s.filler(), check: s.check}
}

func (s *stream) filler() func(i int, m *message) {
	head := internalHead("POST", s.addr, cmp.Or(s.path, "/"))
	return func(i int, m *message) {
		body, now := append(m.body[:0], `{"events":[`...), time.Now()
		for j := range s.per {
			if j > 0 {
				body = append(body, ',')
			}
			body = s.appendEvent(body, i*s.per+j, now)
		}
		m.head, m.body = head, append(body, `]}`...)
	}
}

// check wants what was sent back from the echo; from the gateway, that it took all
// events, each for one endpoint.
func (s *stream) check(i int, a answer) error {
	status, body := a.status, a.body
	if s.bare {
		if status != fasthttp.StatusAccepted {
			return fmt.Errorf("the bare relay answered %d %s", status, body)
		}
		return nil
	}
	if s.path == "" {
		if seq, _, found := number(body, seqMember); status != fasthttp.StatusOK || !found || seq != int64(i*s.per) {
			return fmt.Errorf("the echo answered %d %s", status, body)
		}
		return nil
	}
	taken, _, found := number(body, `"accepted":`)
	if status != fasthttp.StatusAccepted || !found || taken != int64(s.per) || bytes.Count(body, []byte(`"deliveries":1}`)) != s.per {
		return fmt.Errorf("answered %d %s", status, body)
	}
	return nil
}
