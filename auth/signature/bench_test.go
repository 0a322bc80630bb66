package signature_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"hookgate/auth/signature"
)

// fixed is Headers without garbage, as a server's parsed request is.
type fixed []struct {
	name  string
	value []byte
}

func (f fixed) Get(name string) (value []byte, n int) {
	for i := range f {
		if f[i].name == name {
			if n++; n == 1 {
				value = f[i].value
			}
		}
	}
	return value, n
}

const plainURL = "https://gw.example.test/hooks/acme/payments"

func signedRequest(t testing.TB, c signature.Config, size int) (*signature.Verifier, *signature.Request) {
	t.Helper()
	var fields fixed
	body := dressed(c, bytes.Repeat([]byte("x"), size), now)
	for _, field := range headersOf(compileSender(t, c), signature.Message{ID: "evt_1", At: now, Body: body, Method: "POST", URL: plainURL}) {
		fields = append(fields, struct {
			name  string
			value []byte
		}{field[0], []byte(field[1])})
	}
	return compile(t, c), &signature.Request{Method: "POST", URL: func() string { return plainURL }, Header: fields, Body: body, Now: now}
}

// skipUnderRace leaves out what counts allocations: the race detector makes
// sync.Pool drop at random what is put into it.
func skipUnderRace(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("sync.Pool forgets at random under the race detector")
	}
}

// readsBody says what the families may allocate that read what they verified.
var readsBody = map[string]float64{"linear": 40, "lark": 100}

// The allocation budget of a verified callback is none of verification's.
func TestVerifyAllocatesNothing(t *testing.T) {
	skipUnderRace(t)
	check := func(name string, v *signature.Verifier, r *signature.Request) {
		t.Helper()
		most := 0.0
		if slices.Contains(signsURL, name) {
			most = 2 // the URL and the method, which are strings
		}
		if readsBody[name] > 0 {
			most = readsBody[name]
		}
		if n := testing.AllocsPerRun(200, func() {
			if _, is := v.Handshake(r); is {
				t.Fatal("taken for a handshake")
			}
			if err := v.Verify(r); err != nil {
				t.Fatal(err)
			}
		}); n > most {
			t.Errorf("%s: %v allocations, want %v", name, n, most)
		}
	}
	for _, c := range digests([]byte("s3cret")) {
		v, r := signedRequest(t, c, 1<<10)
		check(c.Type, v, r)
	}
	for which := range uint(4) {
		c, name, before, right := credentialCase(which, "s3cret")
		value := []byte(before + right)
		r := &signature.Request{Header: fixed{{name, value}}, Now: now}
		if c.In == "query" {
			r.Query = func(string) ([]byte, int) { return value, 1 }
		}
		check(c.Type, compile(t, c), r)
	}
	v, r := signedMessage(t, 1<<10)
	check("rfc9421", v, r)
}

func TestSignAllocatesNothing(t *testing.T) {
	skipUnderRace(t)
	m := signature.Message{ID: "evt_1", At: now, Body: make([]byte, 1<<10)}
	size := 0
	set := func(_ string, value []byte) { size += len(value) }
	s := compileSigner(t, signature.Config{Type: "standard", Secrets: []string{"c2VjcmV0", "b2xk"}})
	if n := testing.AllocsPerRun(200, func() { s.Sign(m, set) }); n != 0 || size == 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, c := range digests([]byte("s3cret")) {
		for _, kib := range []int{1, 20} {
			b.Run(fmt.Sprintf("%s%s/%dKB", c.Type, c.Algorithm, kib), func(b *testing.B) {
				v, r := signedRequest(b, c, kib<<10)
				b.SetBytes(int64(kib << 10))
				b.ReportAllocs()
				for b.Loop() {
					if err := v.Verify(r); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// signedMessage is a request with a signature of RFC 9421, which covers what it must
// by default.
func signedMessage(t testing.TB, size int) (*signature.Verifier, *signature.Request) {
	t.Helper()
	body := bytes.Repeat([]byte("x"), size)
	digest := sha256Digest(string(body))
	input, mac64 := message([]component{{"@method", "POST"}, {"@target-uri", plainURL}, {"content-digest", digest}}, created)
	return compile(t, signature.Config{Type: "rfc9421", Secrets: []string{messageSecret}}), &signature.Request{
		Method: "POST", URL: func() string { return plainURL }, Body: body, Now: now, Header: fixed{
			{"content-digest", []byte(digest)}, {"Signature-Input", []byte("s=" + input)}, {"Signature", []byte("s=:" + mac64 + ":")},
		},
	}
}

func BenchmarkVerifyMessage(b *testing.B) {
	for _, kib := range []int{1, 20} {
		b.Run(fmt.Sprintf("%dKB", kib), func(b *testing.B) {
			v, r := signedMessage(b, kib<<10)
			b.SetBytes(int64(kib << 10))
			b.ReportAllocs()
			for b.Loop() {
				if err := v.Verify(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerifyBearer(b *testing.B) {
	v := compile(b, signature.Config{Type: "bearer", Secrets: []string{"old", "s3cret"}})
	r := &signature.Request{Header: fixed{{"Authorization", []byte("Bearer s3cret")}}, Now: now}
	b.ReportAllocs()
	for b.Loop() {
		if err := v.Verify(r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignStandard(b *testing.B) {
	s := compileSigner(b, signature.Config{Type: "standard", Secrets: []string{"c2VjcmV0"}})
	m := signature.Message{ID: "evt_1", At: now, Body: make([]byte, 1<<10)}
	set := func(string, []byte) {}
	b.SetBytes(1 << 10)
	b.ReportAllocs()
	for b.Loop() {
		s.Sign(m, set)
	}
}
