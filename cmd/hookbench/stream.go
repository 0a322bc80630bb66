package main

import (
	"bytes"
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

// eventHead and eventTail are a message as the platform sends it, around what
// differs: the conversation, and the members above.
const (
	eventHead = `{"event":{"type":"message","payload":{"message_by":{"email":null,"id":null,"type":"visitor"},"message":{"type":"text","text":"`
	eventTail = `,"account":{"key":"VGYh5KEUxnaS043726528180Llb9R8pe","id":476,"bot":{"id":8861}},"visitor":{"key":"a569015fa03d41a283ed4c66c4601966","id":826373},"timestamp":"2023-09-01 14:13:45.503552"}`
)

// conversations is over how many conversations events are spread.
const conversations = 1000

// stream makes requests that publish events, numbered from 0.
type stream struct {
	pace        // of events
	path string // "" for the echo
	addr string
	per  int    // events a request
	text string // of each message
}

func newStream(addr, tenant string, per, size int) *stream {
	s := &stream{addr: addr, per: per}
	if tenant != "" {
		s.path = "/v1/tenants/" + tenant + "/events"
	}
	s.text = strings.Repeat("x", max(0, size-len(s.appendEvent(nil, 0, time.Unix(0, 1e18)))))
	return s
}

func (s *stream) appendEvent(b []byte, seq int, sent time.Time) []byte {
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

// load sends n events, which per divides.
func (s *stream) load(conns, n int) *load {
	s.start = time.Now()
	return &load{addr: s.addr, conns: conns, n: n / s.per, prepare: s.prepare, check: s.check}
}

// prepare waits for the moment of request i if it has one, and fills it in.
func (s *stream) prepare(i int, req *fasthttp.Request) {
	s.wait(i * s.per)
	internalRequest(req, fasthttp.MethodPost, s.addr, s.path)
	body, now := append(req.Body()[:0], `{"events":[`...), time.Now()
	for j := range s.per {
		if j > 0 {
			body = append(body, ',')
		}
		body = s.appendEvent(body, i*s.per+j, now)
	}
	req.SetBodyRaw(append(body, `]}`...))
}

// check wants what was sent back from the echo; from the gateway, that it took all
// events, each for one endpoint.
func (s *stream) check(i int, res *fasthttp.Response) error {
	status, body := res.StatusCode(), res.Body()
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
