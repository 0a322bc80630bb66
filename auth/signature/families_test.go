package signature_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"hookgate/auth/signature"
)

// want is what a request's fields lead to.
type want struct {
	name   string
	header pairs
	reason signature.Reason // "": it passes
}

// hold verifies a body with each of the headers.
func hold(t *testing.T, c signature.Config, body string, all []want) {
	t.Helper()
	v := compile(t, c)
	for _, w := range all {
		r := &signature.Request{Method: "POST", Header: w.header, Body: []byte(body), Now: now}
		if got := reason(t, v.Verify(r)); got != w.reason {
			t.Errorf("%s, %s: refused for %q, want %q", c.Type, w.name, got, w.reason)
		}
	}
}

func hexMAC(text ...string) string { return hex.EncodeToString(mac(sha256.New, "s3cret", text...)) }

func base64MAC(text ...string) string {
	return base64.StdEncoding.EncodeToString(mac(sha256.New, "s3cret", text...))
}

const (
	sent   = "1700000000"
	sentMS = sent + "000"
)

// What may stand in a header beside the time and the signature, and where.
func TestShapesOfLists(t *testing.T) {
	const body = `{}`
	timed, other := hexMAC(sentMS, ".", body), hexMAC("another")
	hold(t, sample("workos", []byte("s3cret")), body, []want{
		{"as it is sent", pairs{{"WorkOS-Signature", "t=" + sentMS + ", v1=" + timed}}, ""},
		{"without the blank", pairs{{"WorkOS-Signature", "t=" + sentMS + ",v1=" + timed}}, ""},
		{"two signatures", pairs{{"WorkOS-Signature", "t=" + sentMS + ", v1=" + other + ", v1=" + timed}}, signature.Malformed},
		{"in the other order", pairs{{"WorkOS-Signature", "v1=" + timed + ", t=" + sentMS}}, signature.Malformed},
		{"with more behind", pairs{{"WorkOS-Signature", "t=" + sentMS + ", v1=" + timed + ", v2=x"}}, signature.Malformed},
		{"no time", pairs{{"WorkOS-Signature", "v1=" + timed}}, signature.Malformed},
		{"no signature", pairs{{"WorkOS-Signature", "t=" + sentMS}}, signature.Version},
		{"seconds", pairs{{"WorkOS-Signature", "t=" + sent + ", v1=" + hexMAC(sent, ".", body)}}, signature.Malformed},
		{"upper case", pairs{{"WorkOS-Signature", "t=" + sentMS + ", v1=" + strings.ToUpper(timed)}}, signature.Mismatch},
	})
	once := hexMAC(sent, ".", body)
	hold(t, sample("elevenlabs", []byte("s3cret")), body, []want{
		{"with what nobody knows", pairs{{"ElevenLabs-Signature", "t=" + sent + ",v1=x,v0=" + once}}, ""},
		{"two signatures", pairs{{"ElevenLabs-Signature", "t=" + sent + ",v0=" + other + ",v0=" + once}}, signature.Malformed},
		{"two times", pairs{{"ElevenLabs-Signature", "t=" + sent + ",t=" + sent + ",v0=" + once}}, signature.Malformed},
		{"a blank", pairs{{"ElevenLabs-Signature", "t=" + sent + ", v0=" + once}}, signature.Version},
	})
	hold(t, sample("mux", []byte("s3cret")), body, []want{
		{"two signatures", pairs{{"Mux-Signature", "t=" + sent + ",v1=" + other + ",v1=" + once}}, ""},
		{"a leading zero", pairs{{"Mux-Signature", "t=0" + sent + ",v1=" + hexMAC("0"+sent, ".", body)}}, signature.Malformed},
	})
	hold(t, sample("paddle", []byte("s3cret")), body, []want{
		{"two times", pairs{{"Paddle-Signature", "ts=" + sent + ";ts=" + sent + ";h1=" + hexMAC(sent, ":", body)}}, signature.Malformed},
	})
	hold(t, sample("retell", []byte("s3cret")), body, []want{
		{"upper case", pairs{{"X-Retell-Signature", "v=" + sentMS + ",d=" + strings.ToUpper(hexMAC(body, sentMS))}}, ""},
		{"a blank", pairs{{"X-Retell-Signature", "v=" + sentMS + ", d=" + hexMAC(body, sentMS)}}, signature.Version},
	})
	raw := base64.RawURLEncoding.EncodeToString(mac(sha256.New, "s3cret", sentMS, ".", body))
	hold(t, sample("sanity", []byte("s3cret")), body, []want{
		{"as it is sent", pairs{{"sanity-webhook-signature", "t=" + sentMS + ",v1=" + raw}}, ""},
		{"padded", pairs{{"sanity-webhook-signature", "t=" + sentMS + ",v1=" + raw + "="}}, signature.Mismatch},
	})
}

// The forms of time that pass are those of the scheme, and no others.
func TestFormsOfTime(t *testing.T) {
	const body = `{}`
	orb := func(at string) pairs {
		return pairs{{"X-Orb-Timestamp", at}, {"X-Orb-Signature", "v1=" + hexMAC("v1:", at, ":", body)}}
	}
	hold(t, sample("orb", []byte("s3cret")), body, []want{
		{"without Z", orb("2023-11-14T22:13:20.000"), ""},
		{"with Z", orb("2023-11-14T22:13:20Z"), ""},
		{"microseconds", orb("2023-11-14T22:13:20.123456"), ""},
		{"an offset", orb("2023-11-14T22:13:20+00:00"), signature.Malformed},
		{"two Z", orb("2023-11-14T22:13:20ZZ"), signature.Malformed},
		{"a blank", orb("2023-11-14 22:13:20"), signature.Malformed},
		{"long", orb("2023-11-14T22:13:20." + strings.Repeat("1", 60)), signature.Malformed},
	})
	metronome := func(at string) pairs {
		return pairs{{"X-Metronome-Date", at}, {"Metronome-Webhook-Signature", hexMAC(at, "\n", body)}}
	}
	hold(t, sample("metronome", []byte("s3cret")), body, []want{
		{"as it is sent", metronome("Tue, 14 Nov 2023 22:13:20 GMT"), ""},
		{"another day of the week", metronome("Wed, 14 Nov 2023 22:13:20 GMT"), signature.Malformed},
		{"another zone", metronome("Tue, 14 Nov 2023 22:13:20 UTC"), signature.Malformed},
		{"lower case", metronome("tue, 14 nov 2023 22:13:20 gmt"), signature.Malformed},
		{"no month", metronome("Tue, 14 ovD 2023 22:13:20 GMT"), signature.Malformed},
		{"no day", metronome("Tue, 00 Nov 2023 22:13:20 GMT"), signature.Malformed},
		{"RFC 850", metronome("Tuesday, 14-Nov-23 22:13:20 GMT"), signature.Malformed},
		{"stale", metronome("Tue, 14 Nov 2023 22:08:19 GMT"), signature.Stale},
	})
	boxed := func(at string) pairs {
		return pairs{{"BOX-SIGNATURE-PRIMARY", base64MAC(body, at)}, {"BOX-DELIVERY-TIMESTAMP", at},
			{"BOX-SIGNATURE-VERSION", "1"}, {"BOX-SIGNATURE-ALGORITHM", "HmacSHA256"}}
	}
	hold(t, sample("box", []byte("s3cret")), body, []want{
		{"UTC", boxed("2023-11-14T22:13:20+00:00"), ""},
		{"an offset", boxed("2023-11-14T14:13:20-08:00"), ""},
		{"Z", boxed("2023-11-14T22:13:20Z"), signature.Malformed},
		{"a fraction", boxed("2023-11-14T22:13:20.0+00:00"), signature.Malformed},
		{"a fraction, as long", boxed("2023-11-14T22:13:20.1234Z"), signature.Malformed},
		{"the edge", boxed("2023-11-14T22:23:20+00:00"), ""},
		{"far ahead", boxed("2023-11-14T22:23:21+00:00"), signature.Future},
	})
}

// Two headers with signatures: which of them must be there.
func TestSecondHeaders(t *testing.T) {
	const body, at = `{}`, "2023-11-14T22:13:20+00:00"
	right, wrong := base64MAC(body), base64MAC("another")
	const hookdeck, hookdeck2 = "X-Hookdeck-Signature", "X-Hookdeck-Signature-2"
	hold(t, sample("hookdeck", []byte("s3cret")), body, []want{
		{"the first", pairs{{hookdeck, right}}, ""},
		{"the second", pairs{{hookdeck, wrong}, {hookdeck2, right}}, ""},
		{"the second alone", pairs{{hookdeck2, right}}, signature.MissingHeader},
		{"the second twice", pairs{{hookdeck, right}, {hookdeck2, right}, {hookdeck2, right}}, signature.DuplicateHeader},
		{"neither holds", pairs{{hookdeck, wrong}, {hookdeck2, wrong}}, signature.Mismatch},
		{"an empty second", pairs{{hookdeck, wrong}, {hookdeck2, ""}}, signature.Mismatch},
	})
	checked := sample("hookdeck", []byte("s3cret"))
	checked.CheckSource = true
	const verified = "X-Hookdeck-Verified"
	hold(t, checked, body, []want{
		{"verified", pairs{{hookdeck, right}, {verified, "true"}}, ""},
		{"not said", pairs{{hookdeck, right}}, signature.MissingHeader},
		{"said twice", pairs{{hookdeck, right}, {verified, "true"}, {verified, "true"}}, signature.DuplicateHeader},
	})
	signed := base64MAC(body, at)
	const primary, secondary = "BOX-SIGNATURE-PRIMARY", "BOX-SIGNATURE-SECONDARY"
	hold(t, sample("box", []byte("s3cret")), body, []want{
		{"the second alone", boxed(at, [2]string{secondary, signed}), ""},
		{"the second of a new key", boxed(at, [2]string{primary, signed}, [2]string{secondary, wrong}), ""},
		{"an empty first", boxed(at, [2]string{primary, ""}, [2]string{secondary, signed}), signature.MissingHeader},
		{"the first twice", boxed(at, [2]string{primary, signed}, [2]string{primary, signed}, [2]string{secondary, signed}), signature.DuplicateHeader},
		{"another version", slices.Replace(boxed(at, [2]string{primary, signed}), 1, 2, [2]string{"BOX-SIGNATURE-VERSION", "2"}), signature.Version},
		{"no algorithm", slices.Delete(boxed(at, [2]string{primary, signed}), 2, 3), signature.MissingHeader},
	})
	hold(t, sample("shopify", []byte("s3cret")), body, []want{
		{"the older", pairs{{"X-Shopify-Hmac-Sha256", right}}, ""},
		{"the newer", pairs{{"Shopify-Hmac-Sha256", right}}, ""},
		{"both", pairs{{"X-Shopify-Hmac-Sha256", right}, {"Shopify-Hmac-Sha256", right}}, ""},
		{"the newer twice", pairs{{"Shopify-Hmac-Sha256", right}, {"Shopify-Hmac-Sha256", right}}, signature.DuplicateHeader},
		{"a wrong newer", pairs{{"Shopify-Hmac-Sha256", wrong}}, signature.Mismatch},
		{"none", nil, signature.MissingHeader},
	})
}

// boxed are the headers of Box, with signatures of the caller's choice.
func boxed(at string, signatures ...[2]string) pairs {
	return append(pairs{{"BOX-DELIVERY-TIMESTAMP", at}, {"BOX-SIGNATURE-VERSION", "1"}, {"BOX-SIGNATURE-ALGORITHM", "HmacSHA256"}}, signatures...)
}

func TestBodiesOfFamilies(t *testing.T) {
	hold(t, sample("pagerduty", []byte("s3cret")), "", []want{
		{"no body", pairs{{"X-PagerDuty-Signature", "v1=" + hexMAC()}}, signature.Malformed},
	})
	for body, want := range map[string]signature.Reason{
		`{"webhookTimestamp":1700000060000}`:                                      "",
		`{"webhookTimestamp":1700000060001}`:                                      signature.Future,
		`{"webhookTimestamp":"1700000000000"}`:                                    signature.Malformed,
		`{"webhookTimestamp":1.7e12}`:                                             signature.Malformed,
		`{"webhookTimestamp":1700000000}`:                                         signature.Malformed,
		`{"webhookTimestamp":1700000000000,"webhookTimestamp":1700000000000}`:     signature.Malformed,
		`{"data":{"webhookTimestamp":1700000000000}}`:                             signature.Malformed,
		`[1700000000000]`:                                                         signature.Malformed,
		`{"webhookTimestamp":1700000000000,"data":{"webhookTimestamp":1}}` + "\n": "",
	} {
		v := compile(t, sample("linear", []byte("s3cret")))
		r := &signature.Request{Header: pairs{{"Linear-Signature", hexMAC(body)}}, Body: []byte(body), Now: now}
		if got := reason(t, v.Verify(r)); got != want {
			t.Errorf("linear, %s: refused for %q, want %q", body, got, want)
		}
	}
}

// What Cloudinary hashes has the secret at its end: who knows a hash has no key to go on
// with, and a digit moved from the body into the time makes no time.
func TestCloudinary(t *testing.T) {
	const body = `{"n":1}`
	sum := func(text string) string {
		s := sha1.Sum([]byte(text))
		return hex.EncodeToString(s[:])
	}
	right := sum(body + sent + "s3cret")
	hold(t, sample("cloudinary", []byte("s3cret")), body, []want{
		{"as it is sent", pairs{{"X-Cld-Timestamp", sent}, {"X-Cld-Signature", right}}, ""},
		{"upper case", pairs{{"X-Cld-Timestamp", sent}, {"X-Cld-Signature", strings.ToUpper(right)}}, signature.Mismatch},
	})
	hold(t, sample("cloudinary", []byte("s3cret")), `{"n":`, []want{
		{"a moved border", pairs{{"X-Cld-Timestamp", "1}" + sent}, {"X-Cld-Signature", right}}, signature.Malformed},
	})
	hold(t, sample("cloudinary", []byte("s3cret")), "1", []want{
		{"an eleventh digit", pairs{{"X-Cld-Timestamp", "1" + sent}, {"X-Cld-Signature", sum("11" + sent + "s3cret")}}, signature.Malformed},
	})
}
