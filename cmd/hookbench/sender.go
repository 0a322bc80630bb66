//go:build linux

package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// sender makes callbacks: what a provider would send, for a conversation each.
type sender struct {
	verify    string // none, token, stripe, github
	variables int    // that the source maps
	size      int    // bytes of a body, at least

	rest       string   // the body after the key
	signatures []string // of the batch, by callback; made before the clock runs
	prefix     string   // of the batch's conversation keys
	stamp      string   // Unix seconds, for stripe
}

// secret is good for every scheme.
const secret = "hookbench-secret-of-32-characters"

func newSender(verify string, variables, size int) (*sender, error) {
	switch verify {
	case "none", "token", "stripe", "github":
	default:
		return nil, fmt.Errorf("--verify is %q: use none, token, stripe or github", verify)
	}
	if variables < 0 || variables > 50 {
		return nil, fmt.Errorf("--variables is %d: a source maps 0 to 50", variables)
	}
	s := &sender{verify: verify, variables: variables, size: size}
	var b strings.Builder
	b.WriteString(`","type":"payment.succeeded","data":{`)
	for i := range variables {
		fmt.Fprintf(&b, `"field_%d":"value %d",`, i, i)
	}
	b.WriteString(`"amount":1200},"note":"`)
	s.rest = b.String()
	s.rest += strings.Repeat("x", max(0, size-len(s.body("", 0))))
	return s, nil
}

// source is how the gateway has to be told of this sender.
func (s *sender) source(early bool, n int) string {
	var b strings.Builder
	b.WriteString(`{"verify":`)
	switch s.verify {
	case "none":
		b.WriteString(`{"type":"none"}`)
	case "token":
		fmt.Fprintf(&b, `{"type":"token","in":"header","name":"X-Token","secrets":[%q]}`, secret)
	default:
		fmt.Fprintf(&b, `{"type":%q,"secrets":[%q]}`, s.verify, secret)
	}
	b.WriteString(`,"variables":[`)
	for i := range s.variables {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"v%d","path":"data.field_%d"}`, i, i)
	}
	b.WriteByte(']')
	if early {
		fmt.Fprintf(&b, `,"early":{"ttl":300,"max":%d}`, n)
	}
	b.WriteByte('}')
	return b.String()
}

// batch makes ready for n callbacks, to conversations whose keys begin with prefix.
func (s *sender) batch(prefix string, n int) {
	s.prefix = prefix
	s.stamp = strconv.FormatInt(time.Now().Unix(), 10)
	s.signatures = s.signatures[:0]
	if s.verify != "stripe" && s.verify != "github" {
		return
	}
	mac := hmac.New(sha256.New, []byte(secret))
	for i := range n {
		mac.Reset()
		if s.verify == "stripe" {
			mac.Write([]byte(s.stamp + "."))
		}
		mac.Write(s.body(prefix, i))
		s.signatures = append(s.signatures, hex.EncodeToString(mac.Sum(nil)))
	}
}

func (s *sender) key(i int) string { return string(s.appendKey(nil, i)) }

func (s *sender) appendKey(b []byte, i int) []byte {
	return strconv.AppendInt(append(b, s.prefix...), int64(i), 10)
}

// body gives the body of callback i.
func (s *sender) body(prefix string, i int) []byte {
	return s.appendBody(make([]byte, 0, s.size+64), prefix, i)
}

func (s *sender) appendBody(b []byte, prefix string, i int) []byte {
	for _, member := range []string{`{"id":"`, `","conversation_key":"`} {
		b = append(b, member...)
		b = append(b, prefix...)
		b = strconv.AppendInt(b, int64(i), 10)
	}
	b = append(b, s.rest...)
	return append(b, `"}`...)
}

// filler gives what makes a message callback i of the batch, for a server.
func (s *sender) filler(addr string) func(i int, m *message) {
	head := newHead("POST", addr, hookPath, "Content-Type", "application/json")
	if s.verify == "token" {
		head = appendField(head, "X-Token", secret)
	}
	return func(i int, m *message) {
		m.head, m.fields = head, m.fields[:0]
		switch s.verify {
		case "stripe":
			m.fields = appendField(m.fields, "Stripe-Signature", "t="+s.stamp+",v1="+s.signatures[i])
		case "github":
			m.fields = appendField(m.fields, "X-Hub-Signature-256", "sha256="+s.signatures[i])
			m.fields = appendField(m.fields, "X-GitHub-Delivery", s.key(i))
		}
		m.body = s.appendBody(m.body[:0], s.prefix, i)
	}
}

// wantAnswer checks an answer's status, and that its body has a text.
func wantAnswer(status int, text string) func(int, answer) error {
	want := []byte(text)
	return func(_ int, a answer) error {
		if a.status != status || !bytes.Contains(a.body, want) {
			return fmt.Errorf("answered %d %s, not %d with %s", a.status, a.body, status, text)
		}
		return nil
	}
}
