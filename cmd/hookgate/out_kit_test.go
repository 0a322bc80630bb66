package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// toLoopback lets the program reach this machine.
const toLoopback = "egress: { allow: [127.0.0.0/8] }\n"

// wayOut is a running program with a tenant, for what goes out of it.
type wayOut struct {
	*program.Program
	admin *program.Client
}

func startOut(t *testing.T, config string) *wayOut {
	t.Helper()
	o := &wayOut{Program: program.Start(t, program.Options{Config: config})}
	o.admin = o.Program.Admin()
	o.put(t, "", `{}`)
	return o
}

// put writes a part of the tenant.
func (o *wayOut) put(t *testing.T, path, body string) program.Answer {
	t.Helper()
	return o.admin.Must(t, []int{200, 201}, "PUT", "/v1/tenants/acme"+path, body)
}

// quoted is text as JSON.
func quoted(text string) string {
	b, _ := json.Marshal(text) // a string always has its JSON
	return string(b)
}

// attempted is what the API shows of a delivery.
type attempted struct {
	State    string
	Attempts []struct {
		Number          int
		Status          *int
		Error           *string
		Detail          *string
		Address         *string
		RequestHeaders  map[string]string `json:"request_headers"`
		ResponseHeaders map[string]string `json:"response_headers"`
		ResponseBody    *string           `json:"response_body"`
	}
}

// deliver publishes an event and gives its delivery to an endpoint once it was tried.
func (o *wayOut) deliver(t *testing.T, endpoint string) (id string, d attempted) {
	t.Helper()
	sent := o.admin.Must(t, []int{202}, "POST", "/v1/tenants/acme/endpoints/"+endpoint+"/test", `{"event_type":"message/text"}`)
	id = sent.Field("delivery_id")
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); {
		o.admin.Must(t, []int{200}, "GET", "/v1/tenants/acme/deliveries/"+id, nil).Decode(t, &d)
		if len(d.Attempts) > 0 {
			return id, d
		}
	}
	t.Fatalf("%s was not tried", id)
	return "", d
}

// run makes a call with a webhook, and shows it.
func (o *wayOut) run(t *testing.T, webhook string, body string) map[string]any {
	t.Helper()
	var shown map[string]any
	o.admin.Must(t, []int{200}, "POST", "/v1/tenants/acme/webhooks/"+webhook+"/run", body).Decode(t, &shown)
	return shown
}

// rawReceiver answers each request with bytes as they are, and closes.
func rawReceiver(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				r, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(conn, answer)
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// freeAddr gives an address of loopback where nobody listens now, nor soon: where all of 127/8 is
// loopback it is of an address that no connection of another test is given a port of.
func freeAddr(t *testing.T) string {
	t.Helper()
	host := "127.0.0.1"
	if runtime.GOOS == "linux" {
		host = "127.90.90.90"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	}()
	return listener.Addr().String()
}
