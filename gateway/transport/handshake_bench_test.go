package transport

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"testing"

	"hookgate/gateway/secure/securetest"
)

// asReceiver makes of the test's own binary a receiver in a process of its own: what it
// spends is not ours.
const asReceiver = "HOOKGATE_TEST_RECEIVER"

// receive reads lines with a certificate and its key, listens at a port for each, tells
// which, and answers 204 until its input ends.
func receive() {
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	})}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		cert, key, _ := bytes.Cut(lines.Bytes(), []byte(" "))
		pair, err := pairOf(cert, key)
		if err != nil {
			os.Exit(1)
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			os.Exit(1)
		}
		fmt.Println(listener.Addr())
		go func() {
			_ = server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}))
		}()
	}
}

func pairOf(cert, key []byte) (pair tls.Certificate, err error) {
	der, err := base64.StdEncoding.AppendDecode(nil, cert)
	if err != nil {
		return pair, err
	}
	pair.Certificate = [][]byte{der}
	if der, err = base64.StdEncoding.AppendDecode(nil, key); err == nil {
		pair.PrivateKey, err = x509.ParsePKCS8PrivateKey(der)
	}
	return pair, err
}

// receivers starts such a process and gives where it listens, and whom to trust for it.
func receivers(tb testing.TB, ports int) (at []string, roots *x509.CertPool) {
	tb.Helper()
	authority := securetest.NewAuthority(tb)
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(authority.PEM))
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), asReceiver+"=yes")
	in, err := child.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = in.Close(); _ = child.Wait() })
	lines := bufio.NewScanner(out)
	for range ports {
		pair := authority.Server(tb, "127.0.0.1")
		key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
		if err != nil {
			tb.Fatal(err)
		}
		line := base64.StdEncoding.EncodeToString(pair.Certificate[0]) + " " + base64.StdEncoding.EncodeToString(key) + "\n"
		if _, err := io.WriteString(in, line); err != nil || !lines.Scan() {
			tb.Fatal("the receiver has ended")
		}
		at = append(at, lines.Text())
	}
	return at, roots
}

// What a delivery over TLS costs by how its connection came to be: on a kept one, on one
// whose session is resumed, on one with a whole handshake. cpu-µs is that of this process.
func BenchmarkTLS(b *testing.B) {
	at, roots := receivers(b, 1)
	for _, c := range []struct {
		name   string
		before func(tr *Transport)
	}{
		{"kept", func(*Transport) {}},
		{"resumed", func(tr *Transport) {
			for _, h := range tr.pool.hosts {
				closeIdleOf(h)
			}
		}},
		{"whole", func(tr *Transport) { tr.pool.forget(false) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			tr := loopback(b, Options{RootCAs: roots})
			r := &Request{Method: "POST", URL: "https://" + at[0], Tenant: "acme", Body: make([]byte, 1024)}
			b.ReportAllocs()
			began := cpu()
			for b.Loop() {
				c.before(tr)
				if _, err := tr.Do(b.Context(), r); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu()-began).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

func closeIdleOf(h *host) {
	h.pool.mu.Lock()
	shut := slices.Clone(h.idle)
	for _, l := range shut {
		h.unrest(l)
		h.left(l)
	}
	h.pool.mu.Unlock()
	closeAll(shut)
}

// What 1,000 hosts take while their connections rest, each with its session.
func BenchmarkIdleMemory(b *testing.B) {
	at, roots := receivers(b, 1000)
	for range min(b.N, 1) { // once is all it takes
		tr := loopback(b, Options{RootCAs: roots})
		before := heap()
		for _, host := range at {
			if _, err := tr.Do(b.Context(), &Request{Method: "POST", URL: "https://" + host, Tenant: "acme", Body: make([]byte, 1024)}); err != nil {
				b.Fatal(err)
			}
		}
		full := heap()
		b.ReportMetric((full-before)/float64(len(at)), "bytes/host")
		b.ReportMetric(float64(tr.pool.sessions.Stat().Used)/float64(len(at)), "counted/session")
		for _, h := range tr.pool.hosts {
			h.tickets.close()
		}
		rest := heap()
		b.ReportMetric((full-rest)/float64(len(at)), "bytes/session")
		for _, h := range tr.pool.hosts {
			closeIdleOf(h)
		}
		b.ReportMetric((rest-heap())/float64(len(at)), "bytes/conn")
	}
}

func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}
