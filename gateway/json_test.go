package gateway_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"hookgate/gateway"
)

// encoding/json writes the same, once it is told to leave HTML alone. U+2028 and U+2029,
// which it escapes for JavaScript, are left as they are.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", `"\`, "\x00\x1f\x7f", "é\u2028", "\xff\xc3", "\U0001f600", "<&>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := gateway.AppendString([]byte("x"), s)[1:]
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
		var ours, theirs string
		if err := json.Unmarshal(got, &ours); err != nil {
			t.Fatalf("%q is no JSON: %v", got, err)
		}
		if err := json.Unmarshal(b.Bytes(), &theirs); err != nil || ours != theirs {
			t.Fatalf("%q reads as %q, want %q", got, ours, theirs)
		}
	})
}

func TestAppend(t *testing.T) {
	got := gateway.AppendMember([]byte(`{"a":1`), "b", "x\n")
	got = gateway.AppendOptional(got, "c", "")
	got = gateway.AppendOptional(got, "d", "y")
	got = gateway.AppendWord(append(got, `,"e":`...), "")
	got = gateway.AppendRaw(append(got, `,"f":`...), nil)
	got = gateway.AppendRaw(append(got, `,"g":`...), gateway.Raw("[1.50]"))
	const want = `{"a":1,"b":"x\n","c":null,"d":"y","e":null,"f":null,"g":[1.50]`
	if string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
	if n := testing.AllocsPerRun(100, func() { got = gateway.AppendString(got[:0], "a \"quoted\" text") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
