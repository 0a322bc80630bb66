package main

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// strangers call from many blocks of addresses.
func (a *arena) strangers(n int) []*program.Client {
	all := make([]*program.Client, n)
	for i := range all {
		all[i] = program.NewClientFrom(a.t, net.IPv4(127, 0, byte(100+i), 1), a.Public, "")
	}
	return all
}

// Callbacks that nobody signed, at the bystander's own source and at others.
func TestHostileForgeries(t *testing.T) {
	attack(t, nil, func(a *arena) {
		from := a.strangers(16)
		body := keyed("bystander-1", `"x":"`+strings.Repeat("x", 4<<10)+`"`)
		a.flood(8, func(n int) {
			tenant := []string{"bystander", "mallory"}[n%2]
			got := a.try(from[n%len(from)], "POST", "/hooks/"+tenant+"/payments", body, "X-Token: forged")
			if got.Status != 0 && got.Status != 401 && got.Status != 429 {
				a.t.Errorf("a forgery was answered %s", got)
			}
		})
	})
}

// Tenants and sources that are not there.
func TestHostileGuesses(t *testing.T) {
	attack(t, nil, func(a *arena) {
		from := a.strangers(16)
		a.flood(8, func(n int) {
			path := []string{"/hooks/t%d/payments", "/hooks/bystander/s%d", "/v1/tenants/t%d", "/%d", "/hooks/mallory/payments/%d"}[n%5]
			got := a.try(from[n%len(from)], "POST", fmt.Sprintf(path, n), keyed("k", `"x":1`))
			if got.Status != 0 && got.Status != 404 && got.Status != 401 && got.Status != 429 {
				a.t.Errorf("a guess was answered %s", got)
			}
		})
	})
}

// Requests by the thousand on one connection, of which nobody reads the answers.
func TestHostilePipelining(t *testing.T) {
	attack(t, nil, func(a *arena) {
		text := strings.Repeat("POST /hooks/bystander/payments HTTP/1.1\r\nHost: a.test\r\nX-Token: no\r\nContent-Length: 2\r\n\r\n{}", 500)
		a.flood(8, func(n int) {
			c := dialFrom(a.t, net.IPv4(127, 0, byte(100+n%16), 1), a.Public)
			for range 20 {
				c.send(text)
			}
			_ = c.Close()
		})
	})
}

// Connections that come and go, with nothing on them or with half a request.
func TestHostileConnections(t *testing.T) {
	attack(t, nil, func(a *arena) {
		a.flood(8, func(n int) {
			c := dialFrom(a.t, net.IPv4(127, 0, byte(100+n%16), byte(1+n%200)), a.Public)
			c.send([]string{"", "POST /hooks/bystander/payments HTTP/1.1\r\nHost: a", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"}[n%3])
			_ = c.Close()
		})
	})
}
