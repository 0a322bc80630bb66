//go:build linux

package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
)

// idleTimes are how long servers keep a connection for its next request, and each is
// that of a fifth of the endpoints: 5 s is Node's and Apache's, 15 s LiteSpeed's, 60 s
// an AWS load balancer's, 75 s nginx's. Those of 0 close after each answer.
var idleTimes = []time.Duration{5 * time.Second, 15 * time.Second, time.Minute, 75 * time.Second, 0}

// newSecureSinkCommand is a sink whose endpoints speak https, each at an address of its
// own with a certificate of its own, and take a while to answer. Its first address is
// that of the plain sink; /handshakes there says how connections came about.
func newSecureSinkCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "securesink CAFILE ENDPOINTS DELAY",
		Short:  "Serve as the endpoints, over TLS",
		Hidden: true,
		Args:   cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[1])
			if err != nil {
				return err
			}
			s := &secureSink{receiver: receiver{tallies: map[string]*tally{}}}
			if s.least, s.most, err = parseDelay(args[2]); err != nil {
				return err
			}
			if err := s.listen(args[0], n); err != nil {
				return err
			}
			return serveChild(cmd, func(ctx *fasthttp.RequestCtx) {
				if string(ctx.Path()) != "/handshakes" {
					s.handle(ctx)
					return
				}
				text, _ := json.Marshal(handshakes{s.port, s.full.Load(), s.resumed.Load()}) // of numbers
				ctx.SetBody(text)
			})
		},
	}
}

// parseDelay reads "50ms-150ms", or one duration.
func parseDelay(text string) (least, most time.Duration, err error) {
	from, to, found := strings.Cut(text, "-")
	if !found {
		to = from
	}
	least, err = time.ParseDuration(from)
	if err == nil {
		most, err = time.ParseDuration(to)
	}
	if err != nil || least < 0 || most < least || most > patience/3 {
		return 0, 0, errors.Join(fmt.Errorf("a delay is a duration or two, such as 50ms-150ms, up to %s, not %q", patience/3, text), err)
	}
	return least, most, nil
}

// handshakes is what the sink has counted.
type handshakes struct {
	Port    int   `json:"port"` // of all endpoints
	Full    int64 `json:"full"`
	Resumed int64 `json:"resumed"`
}

type secureSink struct {
	receiver
	least, most   time.Duration
	port          int
	full, resumed atomic.Int64
}

// endpointIP is the address of an endpoint: each has another one, as each has another
// name elsewhere.
func endpointIP(i int) net.IP { return net.IPv4(127, 1, byte(i/250), byte(1+i%250)) }

// listen serves n endpoints, and writes down who signed their certificates.
func (s *secureSink) listen(file string, n int) error {
	ca, err := newAuthority()
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, ca.pem(), 0o600); err != nil {
		return err
	}
	servers := make([]*fasthttp.Server, len(idleTimes))
	for i, idle := range idleTimes {
		servers[i] = &fasthttp.Server{Handler: s.slowly, IdleTimeout: idle, DisableKeepalive: idle == 0}
	}
	for i := range n {
		cert, err := ca.sign(endpointIP(i))
		if err != nil {
			return err
		}
		l, err := net.Listen("tcp", net.JoinHostPort(endpointIP(i).String(), strconv.Itoa(s.port)))
		if err != nil {
			return err
		}
		s.port = l.Addr().(*net.TCPAddr).Port
		go func() {
			err := servers[i%len(servers)].Serve(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, VerifyConnection: s.count}))
			fmt.Fprintln(os.Stderr, err) // it serves as long as the process is there
		}()
	}
	return nil
}

// count is called in each handshake.
func (s *secureSink) count(c tls.ConnectionState) error {
	if c.DidResume {
		s.resumed.Add(1)
	} else {
		s.full.Add(1)
	}
	return nil
}

// slowly counts a delivery, and answers it after a while.
func (s *secureSink) slowly(ctx *fasthttp.RequestCtx) {
	s.handle(ctx)
	time.Sleep(s.least + rand.N(s.most-s.least+1))
}

// handshakes asks the sink.
func (c *child) handshakes() (h handshakes, err error) {
	_, text, err := fasthttp.GetTimeout(nil, "http://"+c.addr+"/handshakes", patience)
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(text, &h)
}
