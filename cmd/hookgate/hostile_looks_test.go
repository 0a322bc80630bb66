package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// Streams that are opened again and again, each from behind the first of the 10,000 events
// that its tenant has there, and left at once.
func TestHostileStreams(t *testing.T) {
	attack(t, nil, func(a *arena) {
		conn := a.stream("")
		defer conn.Body.Close()
		first := make([]byte, 4<<10)
		for range 3 { // 3000 events, and an attempt and an end for each delivery
			a.try(a.mallory, "POST", ofMallory+"/events", messages(1000))
		}
		n, err := io.ReadAtLeast(conn.Body, first, 100)
		if err != nil {
			a.t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(first[:n]), "id: ")
		id, _, _ := strings.Cut(rest, "\n")
		a.flood(8, func(int) {
			if answer := a.stream(id); answer != nil {
				_, _ = io.ReadAtLeast(answer.Body, make([]byte, 1<<10), 1)
				_ = answer.Body.Close()
			}
		})
	})
}

// Readers of the stream who take nothing, as many as a tenant may have, while its events
// come by the thousand.
func TestHostileReaders(t *testing.T) {
	attack(t, func(a *arena) {
		for range 400 {
			c := dialRaw(t, a.Internal)
			c.send("GET /v1/stream HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer " + a.mallory.Token + "\r\n\r\n")
		}
	}, func(a *arena) {
		a.flood(2, func(int) { a.try(a.mallory, "POST", ofMallory+"/events", messages(100)) })
	})
}

// Tokens with ever new key ids, for sources whose key servers say nothing, or do not speak TLS.
func TestHostileKeyServers(t *testing.T) {
	attack(t, func(a *arena) {
		silent, err := net.Listen("tcp", "127.0.0.1:0") // its connections are taken by the kernel, and no byte comes
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = silent.Close() })
		servers := []string{silent.Addr().String(), strings.TrimPrefix(a.target.URL, "http://")}
		for i := range 40 {
			a.mallory.Must(t, []int{201}, "PUT", fmt.Sprintf("%s/sources/keys%d", ofMallory, i),
				fmt.Sprintf(`{"verify":{"type":"jwt","jwks_url":"https://%s/","issuer":"i","audience":"a"}}`, servers[i%2]))
		}
	}, func(a *arena) {
		from := a.strangers(16)
		a.flood(64, func(n int) {
			head := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"RS256","kid":"k%d"}`, n))
			claims := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"iss":"i","aud":"a","exp":%d}`, time.Now().Add(time.Hour).Unix()))
			got := a.try(from[n%len(from)], "POST", fmt.Sprintf("/hooks/mallory/keys%d", n%40), keyed("k", `"x":1`), "Authorization: Bearer "+head+"."+claims+"."+strings.Repeat("A", 342))
			if got.Status != 0 && got.Status != 401 && got.Status != 429 && got.Status != 503 {
				a.t.Errorf("answered %s", got)
			}
		})
	})
}

// stream opens mallory's; nil: it is not.
func (a *arena) stream(last string) *http.Response {
	request, err := http.NewRequestWithContext(a.ctx, http.MethodGet, a.Internal+"/v1/stream", nil)
	if err != nil {
		a.t.Error(err)
		return nil
	}
	request.Header.Set("Authorization", "Bearer "+a.mallory.Token)
	if last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil // the attack is over, or it was refused
	}
	return answer
}

// Figures of a tenant's tree, asked for without a pause where there are thousands of others.
func TestHostileStats(t *testing.T) {
	attack(t, func(a *arena) {
		for i := range 2000 {
			a.Admin().Must(t, []int{201}, "PUT", fmt.Sprintf("/v1/tenants/other-%d", i), "{}")
			a.Admin().Must(t, []int{202}, "POST", fmt.Sprintf("/v1/tenants/other-%d/events", i), messages(1))
		}
	}, func(a *arena) {
		a.flood(8, func(n int) {
			a.try(a.mallory, "GET", []string{"/v1/stats?step=1m&since=2000-01-01T00:00:00Z", "/v1/stats"}[n%2], nil)
		})
	})
}

// Preflights and questions of CloudEvents senders, which nobody is verified for.
func TestHostilePreflights(t *testing.T) {
	attack(t, func(a *arena) {
		a.mallory.Must(t, []int{201}, "PUT", ofMallory+"/sources/page",
			`{"verify":{"type":"none"},"cors":{"origins":["*"],"headers":["Content-Type"]},"handshake":{"type":"cloudevents","origins":["*"]}}`)
	}, func(a *arena) {
		from := program.NewClientFrom(t, net.IPv4(127, 0, 77, 1), a.Public, "")
		a.flood(8, func(n int) {
			got := a.try(from, "OPTIONS", "/hooks/mallory/page", nil,
				"Origin: https://"+strings.Repeat("a", 200)+".example", "WebHook-Request-Origin: "+strings.Repeat("b", 200), "WebHook-Request-Callback: "+a.target.URL, "WebHook-Request-Rate: 1")
			if got.Status != 0 && got.Status != 200 {
				a.t.Errorf("answered %s", got)
			}
		})
		if got := len(a.target.Got()); got != 0 {
			a.t.Errorf("a url that a stranger brought was called %d times", got)
		}
	})
}
