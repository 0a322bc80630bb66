package signature_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"hookgate/auth/signature"
)

func TestStreamCodings(t *testing.T) {
	const body = `{"type":"message.new"}`
	packed := func(text string) string {
		var to bytes.Buffer
		w := gzip.NewWriter(&to)
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return to.String()
	}
	c := sample("stream", []byte("s3cret"))
	c.Secrets = append(c.Secrets, "new")
	with := func(coding ...string) pairs {
		p := pairs{{"X-Signature", hexMAC(body)}}
		for _, one := range coding {
			p = append(p, [2]string{"Content-Encoding", one})
		}
		return p
	}
	hold(t, c, packed(body), []want{
		{"gzip", with("gzip"), ""},
		{"another case", with("X-GZIP"), ""},
		{"not said", with(), signature.Mismatch},
		{"another coding", with("br"), signature.Malformed},
		{"two codings", with("gzip", "gzip"), signature.DuplicateHeader},
		{"unsigned", pairs{{"Content-Encoding", "gzip"}}, signature.MissingHeader},
	})
	hold(t, c, body, []want{{"as it is", with("identity"), ""}, {"not packed", with("gzip"), signature.Malformed}})
	hold(t, c, packed(body)[:20], []want{{"cut off", with("gzip"), signature.Malformed}})
	hold(t, c, packed(body+" "), []want{{"another body", with("gzip"), signature.Mismatch}})
	huge := strings.Repeat("x", 1<<20)
	field := pairs{{"X-Signature", hexMAC(huge)}, {"Content-Encoding", "gzip"}}
	hold(t, c, packed(huge), []want{{"a MiB", field, ""}})
	field[0][1] = hexMAC(huge, "x")
	hold(t, c, packed(huge+"x"), []want{{"more than a MiB", field, signature.Malformed}})
	c.MaxBody = 2 << 20
	hold(t, c, packed(huge+"x"), []want{{"more, where it may have", field, ""}})
	c.APIKey = "app"
	hold(t, c, body, []want{
		{"the key", append(with(), [2]string{"X-Api-Key", "app"}), ""},
		{"another key", append(with(), [2]string{"X-Api-Key", "ape"}), signature.Credential},
		{"no key", with(), signature.MissingHeader},
	})
}
