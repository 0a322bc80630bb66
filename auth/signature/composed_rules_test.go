package signature_test

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
)

const (
	asForm = "application/x-www-form-urlencoded"
	secret = "s3cret"
)

func hex256(parts ...string) string { return hex.EncodeToString(mac(sha256.New, secret, parts...)) }

func base64256(parts ...string) string {
	return base64.StdEncoding.EncodeToString(mac(sha256.New, secret, parts...))
}

// ask makes a request as it was received.
func ask(method, called, kind, body string, fields ...[2]string) *signature.Request {
	u, err := url.Parse(called)
	if err != nil {
		panic(err)
	}
	if kind != "" {
		fields = append(fields, [2]string{"Content-Type", kind})
	}
	return &signature.Request{
		Method: method, URL: func() string { return called }, Query: queryOf(u.Query()), Header: pairs(fields), Body: []byte(body), Now: now,
	}
}

// asked is a request, and why it must be refused; "": it passes.
type asked struct {
	request *signature.Request
	want    signature.Reason
}

func checkAll(t *testing.T, kind string, all map[string]asked) {
	t.Helper()
	c := composedConfigs[kind]
	if c.Type = kind; kind == "adyen" {
		c.Secrets = []string{"00", hex.EncodeToString([]byte(secret))}
	}
	v := compile(t, c)
	for name, one := range all {
		if got := reason(t, v.Verify(one.request)); got != one.want {
			t.Errorf("%s: refused for %q, want %q", name, got, one.want)
		}
	}
}

// adyenItem is an item with these eight fields, which it signs as they stand.
func adyenItem(sig string, f ...string) string {
	if sig == "" {
		sig = base64256(strings.Join(f, ":"))
	}
	return fmt.Sprintf(`{"NotificationRequestItem":{"pspReference":%q,"originalReference":%q,"merchantAccountCode":%q,"merchantReference":%q,`+
		`"amount":{"value":%s,"currency":%q},"eventCode":%q,"success":%q,"additionalData":{"x":"y","hmacSignature":%q}}}`,
		f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], sig)
}

func TestAdyenRules(t *testing.T) {
	of := func(items ...string) *signature.Request {
		return ask("POST", plainURL, "application/json", `{"live":"false","notificationItems":[`+strings.Join(items, ",")+`]}`)
	}
	right := adyenItem("", "P1", "", "M", "a:b", "-1500", "EUR", "AUTHORISATION", "true")
	other := adyenItem("", "P2", "O", "M", "c", "1", "EUR", "CAPTURE", "false")
	sum := base64256("P1::M:a:b:1:EUR:CAPTURE:true")
	checkAll(t, "adyen", map[string]asked{
		"the second key":        {of(right), ""},
		"two items":             {of(right, other), ""},
		"a moved border":        {of(adyenItem(sum, "P1", "", "M:a", "b", "1", "EUR", "CAPTURE", "true")), signature.Malformed},
		"the border as it was":  {of(adyenItem(sum, "P1", "", "M", "a:b", "1", "EUR", "CAPTURE", "true")), ""},
		"no items":              {of(), signature.Malformed},
		"no list":               {ask("POST", plainURL, "", `{}`), signature.Malformed},
		"a member twice":        {of(strings.Replace(right, `"pspReference":"P1"`, `"pspReference":"P9","pspReference":"P1"`, 1)), signature.Malformed},
		"an amount twice":       {of(strings.Replace(right, `"value":-1500`, `"value":9,"value":-1500`, 1)), signature.Malformed},
		"another amount":        {of(strings.Replace(right, "-1500", "1500", 1)), signature.Mismatch},
		"the amount in words":   {of(strings.Replace(right, "-1500", "-1.5e3", 1)), signature.Malformed},
		"lists of items, twice": {ask("POST", plainURL, "", `{"notificationItems":[`+other+`],"notificationItems":[`+right+`]}`), signature.Malformed},
		"without a signature":   {of(strings.Replace(right, "hmacSignature", "hmacSignatures", 1)), signature.MissingField},
		"one of two unsigned":   {of(right, strings.Replace(other, "hmacSignature", "x", 1)), signature.MissingField},
		"one of two forged":     {of(right, strings.Replace(other, `"c"`, `"d"`, 1)), signature.Mismatch},
	})
}

func TestContentfulRules(t *testing.T) {
	key := strings.Repeat("s", 64)
	at := func(ms string) [2]string { return [2]string{"X-Contentful-Timestamp", ms} }
	const list = "x-contentful-signed-headers,x-contentful-timestamp,x-topic"
	sign := func(path, ms, list, topic, body string) *signature.Request {
		fields := "x-contentful-signed-headers:" + list + ";x-contentful-timestamp:" + ms
		if strings.Contains(list, "x-topic") {
			fields += ";x-topic:" + topic
		}
		sum := hex.EncodeToString(mac(sha256.New, key, "POST\n"+path+"\n"+fields+"\n"+body))
		return ask("POST", plainURL, "", body, [2]string{"X-Contentful-Signature", sum}, at(ms), [2]string{"X-Contentful-Signed-Headers", list}, [2]string{"X-Topic", topic})
	}
	const path, ms = "/hooks/acme/payments", "1700000000000"
	called := func(r *signature.Request, query string) *signature.Request {
		r.URL = func() string { return plainURL + query }
		return r
	}
	twice := sign(path, ms, list, "a", "{}")
	twice.Header = append(twice.Header.(pairs), [2]string{"X-Topic", "b"})
	checkAll(t, "contentful", map[string]asked{
		"signed":                     {sign(path, ms, list, "a", "{}"), ""},
		"half a minute old":          {sign(path, "1699999970000", list, "a", "{}"), ""},
		"older":                      {sign(path, "1699999969999", list, "a", "{}"), signature.Stale},
		"ahead":                      {sign(path, "1700000030001", list, "a", "{}"), signature.Future},
		"seconds":                    {sign(path, "1700000000", list, "a", "{}"), signature.Malformed},
		"the time unlisted":          {sign(path, ms, "x-contentful-signed-headers,x-topic", "a", "{}"), signature.Malformed},
		"the list unlisted":          {sign(path, ms, "x-contentful-timestamp,x-topic", "a", "{}"), signature.Malformed},
		"a listed one twice":         {twice, signature.DuplicateHeader},
		"a name twice":               {sign(path, ms, list+",x-topic", "a", "{}"), signature.Malformed},
		"a listed one missing":       {sign(path, ms, list+",x-other", "a", "{}"), signature.MissingHeader},
		"a moved border":             {sign(path, ms, list, "a;x-contentful-timestamp:1", "{}"), signature.Malformed},
		"an unknown border":          {sign(path, ms, list, "a;charset=utf-8", "{}"), ""},
		"a query":                    {called(sign(path+"?a%253D1%2526b%253D%252520%252B", ms, list, "a", "{}"), "?a=1&b=%20+"), ""},
		"another query":              {called(sign(path+"?a%253D1", ms, list, "a", "{}"), "?a=2"), signature.Mismatch},
		"what the sender leaves out": {called(sign(path+"?a%253D1", ms, list, "a", "{}"), "?a=1?b=2"), signature.Malformed},
	})
	if _, faults := signature.Compile(signature.Config{Type: "contentful", Secrets: []string{"short"}}); len(faults) != 1 || faults[0].Field != "secrets[0]" {
		t.Errorf("a short secret: %v", faults)
	}
}

func TestShopifyProxyRules(t *testing.T) {
	of := func(query, signed string) *signature.Request {
		return ask("GET", plainURL+"?"+query+"&signature="+hex256(signed), "", "")
	}
	checkAll(t, "shopify-app-proxy", map[string]asked{
		"signed":                 {of("shop=s&timestamp=1700000000&a=%C3%BC+x", "a=ü xshop=stimestamp=1700000000"), ""},
		"as pairs are ordered":   {of("a=1&a1=2&timestamp=1700000000", "a1=2a=1timestamp=1700000000"), ""},
		"as names are ordered":   {of("a=1&a1=2&timestamp=1700000000", "a=1a1=2timestamp=1700000000"), ""},
		"the edge":               {of("timestamp=1699999910", "timestamp=1699999910"), ""},
		"ahead":                  {of("timestamp=1700000091", "timestamp=1700000091"), signature.Future},
		"without a time":         {of("shop=s", "shop=s"), signature.MissingParameter},
		"two times":              {of("timestamp=1&timestamp=1700000000", "timestamp=1,1700000000"), signature.DuplicateParameter},
		"two signatures":         {of("signature=x&timestamp=1700000000", "timestamp=1700000000"), signature.DuplicateParameter},
		"a time with a sign":     {of("timestamp=%2B1700000000", "timestamp=+1700000000"), signature.Malformed},
		"read in more ways":      {of("a=1;b=2&timestamp=1700000000", "a=1;b=2timestamp=1700000000"), signature.Malformed},
		"a stray percent":        {of("a=%zz&timestamp=1700000000", "a=%zztimestamp=1700000000"), signature.Malformed},
		"thousands of them":      {of(strings.Repeat("a&", 1000)+"timestamp=1700000000", "x"), signature.Malformed},
		"a parameter more":       {of("b=1&timestamp=1700000000", "timestamp=1700000000"), signature.Mismatch},
		"upper-case hexadecimal": {ask("GET", plainURL+"?timestamp=1700000000&signature="+strings.ToUpper(hex256("timestamp=1700000000")), "", ""), signature.Mismatch},
	})
}

// dropbox is a form with these parts of the name json.
func dropbox(parts ...string) *signature.Request {
	var body strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&body, "--B\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n%s\r\n", part)
	}
	return ask("POST", plainURL, "multipart/form-data; boundary=B", body.String()+"--B--\r\n")
}

func dropboxEvent(at, kind, hash string) string {
	if hash == "" {
		hash = hex256(at, kind)
	}
	return fmt.Sprintf(`{"event":{"event_time":"%s","event_type":"%s","event_hash":"%s"}}`, at, kind, hash)
}

func TestDropboxSignRules(t *testing.T) {
	const at = "1700000000"
	right := dropboxEvent(at, "signature_request_signed", "")
	file := dropbox(right)
	file.Body = []byte(strings.Replace(string(file.Body), `name="json"`, `name="json"; filename="a"`, 1))
	renamed, before, within := dropbox(right), dropbox(right), dropbox(right)
	renamed.Body = []byte(strings.Replace(string(renamed.Body), `name="json"`, `name="Json"`, 1))
	before.Body = append([]byte("--C\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{}\r\n--C--\r\n"), before.Body...)
	within.Body = append([]byte("--B C\r\n"), within.Body...)
	plain := dropbox(right)
	plain.Header = pairs{{"Content-Type", "application/json"}}
	checkAll(t, "dropbox-sign", map[string]asked{
		"signed":           {dropbox(right), ""},
		"two parts":        {dropbox(right, right), signature.DuplicateParameter},
		"no part":          {dropbox(), signature.Malformed},
		"of another name":  {renamed, signature.MissingParameter},
		"text before it":   {before, signature.Malformed},
		"another boundary": {within, signature.Malformed},
		"a file":           {file, signature.Malformed},
		"of another type":  {plain, signature.Malformed},
		"no JSON":          {dropbox("x"), signature.Malformed},
		"a member twice":   {dropbox(strings.Replace(right, `{"event_time"`, `{"event_type":"x","event_time"`, 1)), signature.Malformed},
		"without a hash":   {dropbox(`{"event":{"event_time":"1700000000","event_type":"a"}}`), signature.MissingField},
		"without a type":   {dropbox(`{"event":{"event_time":"1700000000","event_hash":"a"}}`), signature.MissingField},
		"a moved border":   {dropbox(dropboxEvent(at[:9], "0a", "")), signature.Malformed},
		"the other way":    {dropbox(dropboxEvent(at, "1a", "")), signature.Malformed},
		"ahead":            {dropbox(dropboxEvent("1700000301", "a", "")), signature.Future},
		"of another event": {dropbox(dropboxEvent(at, "b", hex256(at, "a"))), signature.Mismatch},
		"thousands":        {dropbox(strings.Repeat(right+"\r\n--B\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n", 1001)), signature.Malformed},
	})
	v := compile(t, signature.Config{Type: "dropbox-sign", Secrets: []string{secret}})
	if !v.OnlyDeliveryID() || v.Thanks() != "Hello API Event Received" {
		t.Errorf("thanks %q, only by its id: %t", v.Thanks(), v.OnlyDeliveryID())
	}
	if opened, is := v.Open(dropbox(right).Body); !is || string(opened) != right {
		t.Errorf("opened %t %q", is, opened)
	}
	if a, is := v.Handshake(dropbox(dropboxEvent(at, "callback_test", ""))); !is || a.Status != 200 || string(a.Body) != "Hello API Event Received" {
		t.Errorf("the test event is answered %t %d %q", is, a.Status, a.Body)
	}
	for _, event := range []string{dropboxEvent(at, "callback_test", strings.Repeat("0", 64)), strings.Replace(right, "{", `{"x":"callback_test",`, 1)} {
		if a, is := v.Handshake(dropbox(event)); is {
			t.Errorf("%s is answered %+v", event, a)
		}
	}
}

func TestBraintreeRules(t *testing.T) {
	key := sha1.Sum([]byte(secret))
	sign := func(text string) string { return hex.EncodeToString(mac(sha1.New, string(key[:]), text)) }
	of := func(list, payload string) *signature.Request {
		return ask("POST", plainURL, asForm, url.Values{"bt_signature": {list}, "bt_payload": {payload}}.Encode())
	}
	const challenge = "0123456789abcdef0123"
	payload := base64.StdEncoding.EncodeToString([]byte("<a/>")) + "\n"
	checkAll(t, "braintree", map[string]asked{
		"signed":                   {of("uwana68n|"+sign(payload), payload), ""},
		"among others":             {of("other|x&uwana68n|"+sign(payload)+"&more", payload), ""},
		"of another key":           {of("other|"+sign(payload), payload), signature.UnknownKey},
		"of a key that begins so":  {of("uwana68|"+sign(payload), payload), signature.UnknownKey},
		"a challenge as a payload": {of("uwana68n|"+sign(challenge), challenge), signature.Malformed},
		"no XML":                   {of("uwana68n|"+sign("AAAA"), "AAAA"), signature.Malformed},
		"another payload":          {of("uwana68n|"+sign(payload), payload+"\n"), signature.Mismatch},
		"as JSON":                  {ask("POST", plainURL, "application/json", "{}"), signature.Malformed},
		"without a type":           {ask("POST", plainURL, "", "bt_signature=x"), signature.MissingHeader},
	})
	v := compile(t, signature.Config{Type: "braintree", PublicKey: "uwana68n", Secrets: []string{secret}})
	for query, want := range map[string]int{
		"?bt_challenge=" + challenge:                                200,
		"?bt_challenge=" + challenge[:19]:                           403,
		"?bt_challenge=" + strings.Repeat("a", 33):                  403,
		"?bt_challenge=" + strings.ToUpper(challenge):               403,
		"?bt_challenge=":                                            403,
		"?bt_challenge=" + challenge + "&bt_challenge=" + challenge: 403,
		"": 0,
	} {
		a, _ := v.Handshake(ask("GET", plainURL+query, "", ""))
		if a.Status != want || want == 200 != (string(a.Body) == "uwana68n|"+sign(challenge)) || a.Refused() != (want == 403) {
			t.Errorf("%q: answered %d %q", query, a.Status, a.Body)
		}
	}
	if a, is := v.Handshake(ask("POST", plainURL+"?bt_challenge="+challenge, "", "")); is {
		t.Errorf("a POST is answered %+v", a)
	}
}

func TestPlivoRules(t *testing.T) {
	of := func(version, query, kind, body, nonce, signed string) *signature.Request {
		return ask("POST", plainURL+query, kind, body,
			[2]string{"X-Plivo-Signature-" + version, signed}, [2]string{"X-Plivo-Signature-" + version + "-Nonce", nonce})
	}
	checkAll(t, "plivo", map[string]asked{
		"nothing more":         {of("V3", "", "", "", "12", base64256(plainURL+".12")), ""},
		"query and form":       {of("V3", "?b=%20&a=2&a=1", asForm, "c=4&b=3", "12", base64256(plainURL+"?a=1&a=2&b= .b3c4.12")), ""},
		"among others":         {of("V3", "", asForm, "a=1", "12", "x,"+base64256(plainURL+"?a1.12")+",y"), ""},
		"a nonce with a stop":  {of("V3", "", asForm, "a=1", "2.12", base64256(plainURL+"?a1.2.12")), signature.Malformed},
		"the form's stop":      {of("V3", "", asForm, "a=1.2", "12", base64256(plainURL+"?a1.2.12")), ""},
		"a body of no form":    {of("V3", "", "application/json", "{}", "12", base64256(plainURL+".12")), signature.Malformed},
		"a query that is more": {of("V3", "?a=1", "", "", "12", base64256(plainURL+".12")), signature.Mismatch},
		"a form that is more":  {of("V3", "", asForm, "a=1", "12", base64256(plainURL+".12")), signature.Mismatch},
		"another nonce":        {of("V3", "", "", "", "13", base64256(plainURL+".12")), signature.Mismatch},
		"many signatures":      {of("V3", "", "", "", "12", strings.Repeat("x,", 40)+base64256(plainURL+".12")), signature.Mismatch},
	})
	checkAll(t, "plivo-v2", map[string]asked{
		"signed":        {of("V2", "?a=1", asForm, "b=2", "12", base64256(plainURL+"12")), ""},
		"no list":       {of("V2", "", "", "", "12", "x,"+base64256(plainURL+"12")), signature.Mismatch},
		"a moved nonce": {of("V2", "", "", "", "s12", base64256(plainURL+"12")), signature.Mismatch},
		"as a path":     {of("V2", "", "", "", "/12", base64256(plainURL+"/12")), signature.Malformed},
	})
}

func TestMercadopagoRules(t *testing.T) {
	of := func(query, sig, id string) *signature.Request {
		fields := [][2]string{{"x-signature", sig}}
		if id != "" {
			fields = append(fields, [2]string{"x-request-id", id})
		}
		return ask("POST", plainURL+query, "application/json", `{}`, fields...)
	}
	const at = "1700000000"
	sum := hex256("id:7;request-id:r1;ts:" + at + ";")
	checkAll(t, "mercadopago", map[string]asked{
		"signed":                  {of("?data.id=7", "ts="+at+",v1="+sum, "r1"), ""},
		"in another order":        {of("?data.id=7", " v1 = "+sum+" , v9=x, ts = "+at, "r1"), ""},
		"milliseconds":            {of("?data.id=7", "ts="+at+"000,v1="+hex256("id:7;request-id:r1;ts:"+at+"000;"), "r1"), ""},
		"without data":            {of("", "ts="+at+",v1="+hex256("request-id:r1;ts:"+at+";"), "r1"), ""},
		"without a request's id":  {of("?data.id=7", "ts="+at+",v1="+hex256("id:7;ts:"+at+";"), ""), ""},
		"the id left out":         {of("", "ts="+at+",v1="+sum, "r1"), signature.Mismatch},
		"two ids":                 {of("?data.id=7&data.id=8", "ts="+at+",v1="+sum, "r1"), signature.DuplicateParameter},
		"an id that ends early":   {of("?data.id=7%3Brequest-id:r1", "ts="+at+",v1="+sum, ""), signature.Malformed},
		"a request's that does":   {of("", "ts="+at+",v1="+sum, "r;x"), signature.Malformed},
		"two times":               {of("?data.id=7", "ts=1,ts="+at+",v1="+sum, "r1"), signature.Malformed},
		"two signatures":          {of("?data.id=7", "ts="+at+",v1="+sum+",v1=x", "r1"), signature.Malformed},
		"nine digits":             {of("?data.id=7", "ts=170000000,v1="+sum, "r1"), signature.Malformed},
		"a sign":                  {of("?data.id=7", "ts=+"+at+",v1="+sum, "r1"), signature.Malformed},
		"ahead":                   {of("?data.id=7", "ts=1700000301,v1="+sum, "r1"), signature.Future},
		"no time":                 {of("?data.id=7", "v1="+sum, "r1"), signature.Malformed},
		"a signature in capitals": {of("?data.id=7", "ts="+at+",v1="+strings.ToUpper(sum), "r1"), signature.Mismatch},
	})
	if v := compile(t, signature.Config{Type: "mercadopago", Secrets: []string{secret}}); !v.OnlyDeliveryID() {
		t.Error("the single use of a signature is not asked for")
	}
}

func TestSinchApplicationRules(t *testing.T) {
	raw := base64.StdEncoding.EncodeToString([]byte(secret))
	key := strings.Repeat("k", 8)
	v := compile(t, signature.Config{Type: "sinch-application", Secrets: []string{raw}, ApplicationKey: key})
	sum := md5.Sum([]byte("{}"))
	hash := base64.StdEncoding.EncodeToString(sum[:])
	of := func(query, word, kind, body, at, signed string) *signature.Request {
		return ask("POST", plainURL+query, kind, body, [2]string{"Authorization", word + " " + key + ":" + base64256(signed)}, [2]string{"x-timestamp", at})
	}
	const at, path = "2023-11-14T22:13:20.0000000Z", "/hooks/acme/payments"
	other := of("", "Application", "a/b", "{}", at, "POST\n"+hash+"\na/b\nx-timestamp:"+at+"\n"+path)
	other.Header.(pairs)[0][1] = strings.Replace(other.Header.(pairs)[0][1], key, key+"x", 1)
	whole := of("", "Application", "a/b", "{}", at, "")
	whole.Header.(pairs)[0][1] = "Application " + key
	for name, c := range map[string]asked{
		"signed":              {of("", "Application", "a/b", "{}", at, "POST\n"+hash+"\na/b\nx-timestamp:"+at+"\n"+path), ""},
		"the word otherwise":  {of("", "aPPLICATION", "a/b", "{}", at, "POST\n"+hash+"\na/b\nx-timestamp:"+at+"\n"+path), ""},
		"no body":             {of("", "Application", "", "", at, "POST\n\n\nx-timestamp:"+at+"\n"+path), ""},
		"a query":             {of("?a=1", "Application", "", "", at, "POST\n\n\nx-timestamp:"+at+"\n"+path+"?a=1"), ""},
		"a query that is not": {of("?a=1", "Application", "", "", at, "POST\n\n\nx-timestamp:"+at+"\n"+path), ""},
		"another query":       {of("?a=2", "Application", "", "", at, "POST\n\n\nx-timestamp:"+at+"\n"+path+"?a=1"), signature.Mismatch},
		"another type":        {of("", "Application", "a/c", "{}", at, "POST\n"+hash+"\na/b\nx-timestamp:"+at+"\n"+path), signature.Mismatch},
		"another scheme":      {of("", "Basic", "", "", at, "x"), signature.Malformed},
		"stale":               {of("", "Application", "", "", "2023-11-14T22:08:19Z", "x"), signature.Stale},
		"no time in UTC":      {of("", "Application", "", "", "2023-11-14T22:13:20+00:00", "x"), signature.Malformed},
		"another key":         {other, signature.UnknownKey},
		"no signature":        {whole, signature.Malformed},
	} {
		if got := reason(t, v.Verify(c.request)); got != c.want {
			t.Errorf("%s: refused for %q, want %q", name, got, c.want)
		}
	}
}

func TestCloudEventsRules(t *testing.T) {
	shakes := compile(t, signature.Config{Type: "cloudevents-handshake", AllowedOrigins: []string{"eventgrid.azure.net", "other.test"}})
	token := compile(t, signature.Config{Type: "cloudevents-handshake", AllowedOrigins: []string{"*"}, In: "query", Name: "code", Secrets: []string{secret}})
	origin := func(name string) [2]string { return [2]string{"WebHook-Request-Origin", name} }
	for name, c := range map[string]struct {
		v       *signature.Verifier
		request *signature.Request
		status  int
		origin  string
	}{
		"allowed":        {shakes, ask("OPTIONS", plainURL, "", "", origin("EventGrid.azure.net")), 200, "EventGrid.azure.net"},
		"another":        {shakes, ask("OPTIONS", plainURL, "", "", origin("evil.test")), 403, ""},
		"that begins so": {shakes, ask("OPTIONS", plainURL, "", "", origin("eventgrid.azure.net.evil.test")), 403, ""},
		"two":            {shakes, ask("OPTIONS", plainURL, "", "", origin("other.test"), origin("evil.test")), 403, ""},
		"empty":          {shakes, ask("OPTIONS", plainURL, "", "", origin("")), 403, ""},
		"by a GET":       {shakes, ask("GET", plainURL, "", "", origin("eventgrid.azure.net")), 0, ""},
		"unasked":        {shakes, ask("OPTIONS", plainURL, "", ""), 0, ""},
		"anyone":         {token, ask("OPTIONS", plainURL, "", "", origin("any.test")), 200, "any.test"},
		"but no page":    {token, ask("OPTIONS", plainURL, "", "", origin("<script>")), 403, ""},
	} {
		a, is := c.v.Handshake(c.request)
		want := [][2]string{{"WebHook-Allowed-Origin", c.origin}}
		if is != (c.status != 0) || a.Status != c.status || len(a.Body) > 0 || c.origin != "" && (len(a.Header) != 1 || a.Header[0] != want[0]) || c.origin == "" && a.Header != nil {
			t.Errorf("%s: answered %t %+v", name, is, a)
		}
	}
	rated := ask("OPTIONS", plainURL, "", "", origin("other.test"), [2]string{"WebHook-Request-Rate", "100"})
	if a, _ := shakes.Handshake(rated); len(a.Header) != 2 || a.Header[1] != [2]string{"WebHook-Allowed-Rate", "*"} {
		t.Errorf("a rate: answered %v", a.Header)
	}
	for name, c := range map[string]struct {
		v *signature.Verifier
		asked
	}{
		"nobody is known":   {shakes, asked{ask("POST", plainURL, "", "{}", origin("eventgrid.azure.net")), signature.Credential}},
		"the token":         {token, asked{ask("POST", plainURL+"?code="+secret, "", "{}"), ""}},
		"another token":     {token, asked{ask("POST", plainURL+"?code=x", "", "{}"), signature.Credential}},
		"without the token": {token, asked{ask("POST", plainURL, "", "{}"), signature.MissingParameter}},
	} {
		if got := reason(t, c.v.Verify(c.request)); got != c.want {
			t.Errorf("%s: refused for %q, want %q", name, got, c.want)
		}
	}
}

// What is missing or of another form is told by its name.
func TestComposedFaults(t *testing.T) {
	for field, c := range map[string]signature.Config{
		"public_key":      {Type: "braintree", Secrets: []string{secret}},
		"application_key": {Type: "sinch-application", Secrets: []string{"c2VjcmV0"}},
		"secrets[0]":      {Type: "sinch-application", Secrets: []string{"no base64"}, ApplicationKey: "k"},
		"secrets":         {Type: "plivo"},
		"allowed_origins": {Type: "cloudevents-handshake"},
		"topic_arn":       {Type: "plivo", Secrets: []string{secret}, TopicARN: snsTopic},
		"tolerance":       {Type: "adyen", Secrets: []string{"00"}, Tolerance: time.Hour},
		"name":            {Type: "cloudevents-handshake", AllowedOrigins: []string{"a"}, In: "query", Secrets: []string{secret}},
		"in":              {Type: "dropbox-sign", In: "query", Secrets: []string{secret}},
	} {
		if _, faults := signature.Compile(c); len(faults) != 1 || faults[0].Field != field {
			t.Errorf("%s: faults %v, want one at %s", c.Type, faults, field)
		}
	}
	for _, origin := range []string{"", "a b", "a\r\nX: y"} {
		if _, faults := signature.Compile(signature.Config{Type: "cloudevents-handshake", AllowedOrigins: []string{origin}}); len(faults) != 1 {
			t.Errorf("origin %q: faults %v", origin, faults)
		}
	}
}
