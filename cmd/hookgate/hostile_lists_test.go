package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

const (
	mostListed = 8 << 20 // bytes of one answer of a list (SPEC 16)

	listedDeliveries, listedWaits = 250, 100 // of each, with bodies as large as they can be
	holdersOfOne                  = 200
)

// list reads a list of mallory's to its end, and gives how often each thing is in it.
// Where it is told to come again it does. An attack that ends cuts it short: whole
// says that it did not.
func (a *arena) list(path string) (seen map[string]int, whole bool) {
	seen = map[string]int{}
	for next := path; next != ""; {
		got, err := a.mallory.Do(a.ctx, "GET", next, nil)
		switch {
		case a.ctx.Err() != nil:
			return seen, false
		case err == nil && got.Status == http.StatusServiceUnavailable && got.Header.Get("Retry-After") != "":
			time.Sleep(20 * time.Millisecond) // as it was told, only sooner
			continue
		case err != nil || got.Status != http.StatusOK || len(got.Body) > mostListed:
			a.t.Errorf("%s: %v, status %d, %d bytes", path, err, got.Status, len(got.Body))
			return seen, false
		}
		var page struct {
			Data []struct{ ID string }
			Next *string `json:"next_cursor"`
		}
		if err := json.Unmarshal(got.Body, &page); err != nil {
			a.t.Errorf("%s: %v", path, err)
			return seen, false
		}
		for _, one := range page.Data {
			seen[one.ID]++
		}
		if next = ""; page.Next != nil {
			next = path + "&cursor=" + *page.Next
		}
	}
	return seen, true
}

// lists reads a list and wants it to have so many things, each once.
func (a *arena) lists(path string, count int) {
	seen, whole := a.list(path)
	for id, n := range seen {
		if n != 1 {
			a.t.Errorf("%s lists %s %d times", path, id, n)
		}
	}
	if whole && len(seen) != count {
		a.t.Errorf("%s lists %d, want %d", path, len(seen), count)
	}
}

// largeThings makes mallory's deliveries and waits as large as they can be.
func largeThings(a *arena) {
	answer := bytes.Repeat([]byte{1}, 16<<10) // in JSON each byte takes six
	a.target.Script(func(gatewaytest.Received) gatewaytest.Reply {
		return gatewaytest.Reply{Status: http.StatusInternalServerError, Body: string(answer)}
	})
	a.mallory.Must(a.t, []int{201}, "PUT", ofMallory+"/endpoints/crm", fmt.Sprintf(
		`{"url":%q,"concurrency":32,"breaker":{"enabled":false},"retry":{"schedule":["1ms","1ms","1ms"],"jitter":0}}`, a.target.URL))
	a.fill("mallory", listedDeliveries, listedDeliveries, func(int) string { return plainMessage })
	for i := range listedWaits {
		a.mallory.Must(a.t, []int{201}, "POST", ofMallory+"/waits", fmt.Sprintf(`{"source":"payments","conversation_key":"w%d","mode":"poll"}`, i))
		a.sender.Must(a.t, []int{200}, "POST", "/hooks/mallory/payments", keyed(fmt.Sprint("w", i), largeMember), sourceToken)
	}
	program.Eventually(a.t, hostilePatience, func() error {
		if dead, _ := a.list(ofMallory + "/deliveries?limit=1000&state=dead"); len(dead) != listedDeliveries {
			return fmt.Errorf("%d deliveries are dead, want %d", len(dead), listedDeliveries)
		}
		return nil
	})
}

// largeMember makes a callback as large as a source takes it where nothing is said.
var largeMember = `"x":"` + strings.Repeat("x", 1<<20-64) + `"`

// Lists of deliveries whose attempts each carry 16 KiB that take six times as much in
// JSON, of waits with callbacks of 1 MiB, and each of them by itself, many at once:
// three answers of 2 GB were the end of the program.
func TestHostileLists(t *testing.T) {
	var ids []string
	attack(t, func(a *arena) {
		largeThings(a)
		for _, of := range []string{"/waits", "/deliveries"} {
			seen, _ := a.list(ofMallory + of + "?limit=100")
			for id := range seen {
				ids = append(ids, of+"/"+id)
			}
		}
	}, func(a *arena) {
		a.flood(16, func(n int) {
			switch n % 8 {
			case 0, 1:
				a.lists(ofMallory+"/deliveries?limit=1000", listedDeliveries)
			case 2:
				a.lists(ofMallory+"/deliveries?limit=1000&include=bodies", listedDeliveries)
			case 3:
				a.lists(ofMallory+"/waits?limit=1000", listedWaits)
			case 4:
				a.lists(ofMallory+"/waits?limit=1000&include=bodies", listedWaits)
			case 5:
				a.lists(ofMallory+"/events?limit=1000", listedDeliveries)
			default:
				one := ids[n%len(ids)]
				if got := a.try(a.mallory, "GET", ofMallory+one, nil); got.Status != 0 && got.Status != 200 && (got.Status != 503 || got.Header.Get("Retry-After") == "") {
					t.Errorf("%s: %.300s", one, got)
				}
			}
		})
		a.givenBack("answers")
	})
}

// Two hundred hold one wait with a callback of 1 MiB, which ends for all of them at
// once: each is told, or told to come again.
func TestHostileHoldersOfOne(t *testing.T) {
	attack(t, nil, func(a *arena) {
		a.flood(1, func(n int) { a.holdOne(fmt.Sprint("held-", n)) })
		a.givenBack("answers")
	})
}

func (a *arena) holdOne(key string) {
	id := a.mallory.Must(a.t, []int{201}, "POST", ofMallory+"/waits", fmt.Sprintf(`{"source":"payments","conversation_key":%q,"mode":"poll"}`, key)).Field("id")
	var held sync.WaitGroup
	for range holdersOfOne {
		conn := dialRaw(a.t, a.Internal)
		conn.send("GET " + ofMallory + "/waits/" + id + "?hold=60 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nAuthorization: Bearer " + a.mallory.Token + "\r\n\r\n")
		held.Go(func() {
			defer func() { _ = conn.Close() }()
			got, body, err := conn.take()
			if err != nil || got.StatusCode != 503 && (got.StatusCode != 200 || body < int64(len(largeMember))) {
				a.t.Errorf("a holder got %d bytes, %v, %v", body, got, err)
			}
		})
	}
	a.sender.Must(a.t, []int{200}, "POST", "/hooks/mallory/payments", keyed(key, largeMember), sourceToken)
	held.Wait()
}

// take reads one answer, and gives how long its body is.
func (c *peer) take() (*http.Response, int64, error) {
	a, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return nil, 0, err
	}
	n, err := io.Copy(io.Discard, a.Body)
	return a, n, err
}
