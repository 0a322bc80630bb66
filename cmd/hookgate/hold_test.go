package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

const acmeWaits = "/v1/tenants/acme/waits"

// holding opens a wait in mode hold and gives its id, and the answer once it comes.
func holding(t *testing.T, p *program.Program, key, idempotencyKey string) (id string, answer <-chan program.Answer) {
	t.Helper()
	held := make(chan program.Answer, 1)
	ctx, leave := context.WithCancel(context.Background())
	t.Cleanup(leave)
	go func() {
		defer close(held)
		a, err := p.Admin().Do(ctx, http.MethodPost, acmeWaits, holdBody(key, 300), "Idempotency-Key: "+idempotencyKey)
		if err == nil {
			held <- a
		}
	}()
	return awaitOpen(t, p, key), held
}

func holdBody(key string, seconds int) string {
	return fmt.Sprintf(`{"source":"payments","conversation_key":%q,"timeout_seconds":%d,"mode":"hold"}`, key, seconds)
}

// awaitOpen gives the id of a conversation's open wait once there is one.
func awaitOpen(t *testing.T, p *program.Program, key string) (id string) {
	t.Helper()
	program.Eventually(t, time.Minute, func() (err error) {
		if id, err = openWait(t, p, key); err == nil && id == "" {
			err = fmt.Errorf("no wait is open for %s", key)
		}
		return err
	})
	return id
}

// openWait gives the id of a conversation's open wait; "" is none.
func openWait(t *testing.T, p *program.Program, key string) (string, error) {
	a, err := p.Admin().Do(t.Context(), "GET", acmeWaits+"?state=waiting&conversation_key="+key, nil)
	if err != nil {
		return "", err
	}
	var page struct{ Data []gatewaytest.Wait }
	a.Decode(t, &page)
	if len(page.Data) == 0 {
		return "", nil
	}
	return page.Data[0].ID, nil
}

// SIGTERM sends those who hold a wait away, finishes, and exits 0; the wait stays.
func TestDrainLeavesHeldWaitsOpen(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: oneSource})
	id, held := holding(t, p, "k1", "i1")
	if code := p.Terminate(t); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.Log.Text())
	}
	a, answered := <-held
	switch {
	case !answered:
		t.Fatal("the holder was cut off without an answer")
	case a.Status != 503 || a.Field("code") != "draining":
		t.Errorf("the holder was told %s", a)
	}
	if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || seconds < 1 {
		t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
	}

	p = program.Start(t, program.Options{Dir: p.Dir, Config: oneSource})
	again, held := holding(t, p, "k1", "i1")
	if again != id {
		t.Errorf("attached to %s, want %s", again, id)
	}
	resume(t, p, "k1", id)
	checkHeld(t, held, id)
}

// resume sends the callback that a wait waits for.
func resume(t *testing.T, p *program.Program, key, id string) {
	t.Helper()
	a := p.Sender().Must(t, []int{200}, "POST", "/hooks/acme/payments", fmt.Sprintf(`{"conversation_key":%q,"paid":true}`, key), sourceToken)
	if a.Field("outcome") != "resumed" || a.Field("wait_id") != id {
		t.Errorf("%s, want %s resumed", a, id)
	}
}

func checkHeld(t *testing.T, held <-chan program.Answer, id string) {
	t.Helper()
	if a, answered := <-held; !answered || a.Status != 200 || a.Field("id") != id || a.Field("state") != "resumed" {
		t.Errorf("the holder got %s, want %s resumed", a, id)
	}
}

// A holder that goes away loses nothing: its connection is freed, the wait stays,
// and any number of others attach.
func TestHolderGoesAway(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: oneSource})
	id := heldAndLeft(t, p, "k1", "i1", 300)
	attached, first := holding(t, p, "k1", "i1")
	if attached != id {
		t.Fatalf("attached to %s, want %s", attached, id)
	}
	second := make(chan program.Answer, 1)
	go func() {
		defer close(second)
		if a, err := p.Admin().Do(t.Context(), "GET", acmeWaits+"/"+id+"?hold=30", nil); err == nil {
			second <- a
		}
	}()
	resume(t, p, "k1", id)
	checkHeld(t, first, id)
	checkHeld(t, second, id)
	a := p.Admin().Must(t, []int{200}, "POST", acmeWaits, holdBody("k1", 300), "Idempotency-Key: i1")
	if a.Field("id") != id || a.Field("state") != "resumed" {
		t.Errorf("asked once more: %s", a)
	}
}

// The same POST attaches again and holds to the end, as the first one would have.
func TestHoldAttachesAgain(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: oneSource})
	id := heldAndLeft(t, p, "k1", "i1", 6)
	a := p.Admin().Must(t, []int{200}, "POST", acmeWaits, holdBody("k1", 6), "Idempotency-Key: i1")
	if a.Field("id") != id || a.Field("state") != "timed_out" {
		t.Errorf("attached again: %s", a)
	}
}

// heldAndLeft opens a wait over a connection that its client then closes, and
// gives its id when the server has closed its end too.
func heldAndLeft(t *testing.T, p *program.Program, key, idempotencyKey string, seconds int) string {
	t.Helper()
	address := strings.TrimPrefix(p.Internal, "http://")
	body := holdBody(key, seconds)
	holder, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(holder, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nIdempotency-Key: %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", acmeWaits, address, program.AdminToken, idempotencyKey, len(body), body)
	if err != nil {
		t.Fatal(err)
	}
	id := awaitOpen(t, p, key)
	left := time.Now()
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" { // elsewhere the kernel does not tell
		program.Eventually(t, 10*time.Second, func() error { return closedByServer(address, holder.LocalAddr().String()) })
		t.Logf("the connection was freed %s after its client left", time.Since(left).Round(time.Millisecond))
	}
	return id
}

// closedByServer looks into the kernel's table: the server's end of a connection
// that its client has closed is in state CLOSE_WAIT until the server closes it.
func closedByServer(server, client string) error {
	table, err := os.Open("/proc/net/tcp")
	if err != nil {
		return err
	}
	defer func() { _ = table.Close() }()
	ends := fmt.Sprintf("%s %s 08", kernelAddress(server), kernelAddress(client))
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		if strings.Contains(lines.Text(), ends) {
			return fmt.Errorf("the server has not closed its end: %s", strings.TrimSpace(lines.Text()))
		}
	}
	return lines.Err()
}

// kernelAddress writes 127.0.0.1:port as /proc/net/tcp does.
func kernelAddress(address string) string {
	_, port, _ := net.SplitHostPort(address)
	number, _ := strconv.Atoi(port)
	return fmt.Sprintf("0100007F:%04X", number)
}

// A hold ends with its own time, the wait does not.
func TestHoldOfARead(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: oneSource})
	a := p.Admin().Must(t, []int{201}, "POST", acmeWaits, `{"source":"payments","conversation_key":"k1","timeout_seconds":300,"mode":"poll"}`)
	id := a.Field("id")
	a = p.Admin().Must(t, []int{200}, "GET", acmeWaits+"/"+id+"?hold=1", nil)
	if a.Field("state") != "waiting" || a.Got.Sub(a.Sent) < time.Second {
		t.Errorf("after %s: %s", a.Got.Sub(a.Sent), a)
	}
	for _, hold := range []string{"301", "-1", "soon"} {
		p.Admin().Must(t, []int{422}, "GET", acmeWaits+"/"+id+"?hold="+hold, nil)
	}
	a = p.Admin().Must(t, []int{200}, "POST", acmeWaits, `{"source":"payments","conversation_key":"k2","timeout_seconds":1}`)
	if a.Field("state") != "timed_out" || a.Field("branch") != "FAILURE" || a.Field("reason") != "timeout" {
		t.Errorf("a hold to its end: %s", a)
	}
}
