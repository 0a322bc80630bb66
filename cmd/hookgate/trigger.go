package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hookgate/auth/signature"
	"hookgate/gateway/fields"
)

// triggered is a sample request of a provider.
type triggered struct {
	scheme     schemeFlags
	to, key    string
	event      string
	body, at   string
	headers    []string
	method, id string
	repeat     int

	cert, certKey, authorities string // files in PEM
}

func newTriggerCommand() *cobra.Command {
	var t triggered
	cmd := &cobra.Command{
		Use:   "trigger PROVIDER [EVENT]",
		Short: "Send a signed sample request of a provider",
		Long: `Send a request as a provider sends it, signed with the secret that a source has, and
show how it is answered. Its body is a small sample of EVENT, or a file of one's own;
--conversation is the conversation key that it has, where the provider has a place for one.

The secret is taken from HOOKGATE_SECRET, or from --secret. Providers whose keys nobody
else has (PayPal, Google, Microsoft, TrueLayer, SNS) cannot be played. mtls sends the
certificate of --cert and --cert-key. PROVIDER is one of
` + onLines(playable(), 90) + ".",
		Example: `  hookgate trigger stripe --to http://127.0.0.1:8080/hooks/acme/payments --secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
  hookgate trigger stripe payment_intent.succeeded --conversation chat-42 --to http://127.0.0.1:8080/hooks/acme/payments --secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`,
		Args: cobra.RangeArgs(1, 2),
		ValidArgsFunction: onlyFirst(func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return playable(), cobra.ShellCompDirectiveNoFileComp
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			t.scheme.config.Type = args[0]
			if len(args) > 1 {
				t.event = args[1]
			}
			if err := t.send(cmd); err != nil {
				return fmt.Errorf("trigger: %w", err)
			}
			return nil
		},
	}
	t.scheme.add(cmd)
	flags := cmd.Flags()
	if err := flags.MarkHidden("type"); err != nil {
		panic(err) // no such flag: a slip of ours
	}
	flags.StringVar(&t.to, "to", "", "the URL that is called")
	flags.StringVar(&t.key, "conversation", "chat-42", "the conversation key that the sample has")
	flags.StringVar(&t.body, "body", "", "a file in place of the sample; - is standard input")
	flags.StringVar(&t.at, "timestamp", "", "when it is signed: Unix seconds, or RFC 3339 (default now)")
	flags.StringVar(&t.id, "id", "", "the id of what is sent (default made up)")
	flags.StringArrayVar(&t.headers, "header", nil, "a further header field, as 'Name: value'")
	flags.StringVar(&t.method, "method", http.MethodPost, "the method of the request")
	flags.IntVar(&t.repeat, "repeat", 1, "how often the same request is sent, as a provider that retries")
	flags.StringVar(&t.cert, "cert", "", "mtls: the client's certificate, a file in PEM")
	flags.StringVar(&t.certKey, "cert-key", "", "its key (default in the same file)")
	flags.StringVar(&t.authorities, "ca", "", "the authorities of --to's certificate, a file in PEM (default the system's)")
	required(cmd, "to")
	return cmd
}

// playable lists the providers that can be played.
func playable() []string {
	all := signable()
	for name := range bearers {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// onLines lists words on lines of at most so many bytes.
func onLines(words []string, width int) string {
	var b strings.Builder
	line := 0
	for i, word := range words {
		if i < len(words)-1 {
			word += ","
		}
		switch {
		case i == 0:
		case line+1+len(word) > width:
			b.WriteByte('\n')
			line = 0
		default:
			b.WriteByte(' ')
			line++
		}
		b.WriteString(word)
		line += len(word)
	}
	return b.String()
}

// sendBound is how long one request may take.
const sendBound = 60 * time.Second

func (t *triggered) send(cmd *cobra.Command) error {
	request, body, err := t.make(cmd)
	if err != nil {
		return err
	}
	transport, err := t.clientCertificate()
	if err != nil {
		return err
	}
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for range t.repeat {
		ctx, cancel := context.WithTimeout(cmd.Context(), sendBound)
		r := request.Clone(ctx)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		response, err := client.Do(r)
		if err != nil {
			cancel()
			return err
		}
		answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswered))
		cancel()
		if err = errors.Join(err, response.Body.Close()); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", response.Status, oneLine(strings.TrimSpace(string(answer))))
		if response.StatusCode == http.StatusNotFound {
			return fmt.Errorf("%s answered %s: no source is there, or it is disabled: hookgate source requests --unmatched lists what nothing fits", request.URL.Host, response.Status)
		}
		if response.StatusCode/100 > 3 {
			return fmt.Errorf("%s answered %s: hookgate source requests and its console say why", request.URL.Host, response.Status)
		}
	}
	return nil
}

// clientCertificate makes the connections, with the certificate that one was given.
func (t *triggered) clientCertificate() (*http.Transport, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if t.scheme.config.Type == "mtls" && t.cert == "" {
		return nil, usagef("--cert is missing: mtls proves by a certificate of the client's")
	}
	if t.cert == "" && t.authorities == "" {
		return transport, nil
	}
	transport.TLSClientConfig = &tls.Config{}
	if t.authorities != "" {
		text, err := os.ReadFile(t.authorities)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--ca: no certificate in %s", t.authorities)
		}
	}
	if t.cert != "" {
		pair, err := tls.LoadX509KeyPair(t.cert, cmp.Or(t.certKey, t.cert))
		if err != nil {
			return nil, fmt.Errorf("--cert: %w", err)
		}
		transport.TLSClientConfig.Certificates = []tls.Certificate{pair}
	}
	return transport, nil
}

// maxAnswered bounds what is shown of an answer, in bytes.
const maxAnswered = 16 << 10

// make makes the request, its body and all that proves who sends it.
func (t *triggered) make(cmd *cobra.Command) (*http.Request, []byte, error) {
	provider := t.scheme.config.Type
	if err := t.known(provider); err != nil {
		return nil, nil, err
	}
	m, err := readMessage(strings.NewReader(""), t.id, t.at)
	if err != nil {
		return nil, nil, err
	}
	request, err := http.NewRequest(t.method, t.to, nil)
	if err != nil || request.URL.Host == "" {
		return nil, nil, usagef("--to is no URL as http://127.0.0.1:8080/hooks/acme/payments")
	}
	s := sampleOf(provider)
	sample, header := s.filled(t.event, t.key, m)
	if m.Body = sample; t.body != "" {
		if m.Body, err = readArgument(cmd, t.body); err != nil {
			return nil, nil, err
		}
	}
	request.Header.Set("Content-Type", s.contentType())
	request.Header.Set("User-Agent", "hookgate-trigger/"+version())
	for name, value := range header {
		request.Header.Set(name, value)
	}
	m.Method, m.URL = t.method, t.to
	c := t.scheme.read()
	if m.Body, err = prepared(provider, c, m); err != nil {
		return nil, nil, err
	}
	if err := t.prove(request, &m, c); err != nil {
		return nil, nil, err
	}
	for _, field := range t.headers {
		name, value, both := strings.Cut(field, ":")
		if !both {
			return nil, nil, usagef("--header must be 'Name: value'")
		}
		request.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return request, m.Body, nil
}

// known refuses what cannot be played.
func (t *triggered) known(provider string) error {
	all := playable()
	if slices.Contains(all, provider) {
		return nil
	}
	if slices.Contains(signature.Schemes(), provider) {
		return fmt.Errorf("%s signs with a key that nobody else has, or with no secret: it cannot be played", provider)
	}
	if near := fields.Nearest(provider, all); near != "" {
		return usagef("%s is no provider, did you mean %s?", provider, near)
	}
	return usagef("%s is no provider; there are\n%s", provider, onLines(all, 90))
}

// prove puts into a request what proves who sends it.
func (t *triggered) prove(r *http.Request, m *signature.Message, c signature.Config) error {
	if bears, is := bearers[c.Type]; is {
		if len(c.Secrets) == 0 && c.Type != "none" && c.Type != "mtls" {
			return errors.New("--secret is missing: set it, or HOOKGATE_SECRET")
		}
		return bears(r, m, c)
	}
	signer, faults := signature.CompileSender(c)
	if len(faults) == 0 {
		faults = signature.CheckSecrets(c)
	}
	if len(faults) > 0 {
		return schemeError(faults)
	}
	signed := false
	signer.Sign(*m, func(name string, value []byte) {
		r.Header.Set(name, string(value))
		signed = true
	})
	if !signed {
		return errors.New("this scheme cannot sign that body, or that --to")
	}
	return nil
}

// sample is a small request of a provider. In it {event}, {key}, {id}, {time} and {ms} stand
// for the event, the conversation key, an id, and the time in seconds and milliseconds.
type sample struct {
	event   string // where nobody names one
	body    string // JSON, XML, or with a form a query
	form    bool
	headers string // lines as Name: value
}

func (s sample) contentType() string {
	if s.form {
		return "application/x-www-form-urlencoded"
	}
	return "application/json"
}

// filled gives the body and the header fields for an event.
func (s sample) filled(event, key string, m signature.Message) (body []byte, header map[string]string) {
	if event == "" {
		event = s.event
	}
	seconds := strconv.FormatInt(m.At.Unix(), 10)
	id := strings.TrimPrefix(m.ID, "msg_")
	number := strconv.FormatInt(m.At.UnixNano()%1e15, 10)
	escape := jsonText
	switch {
	case s.form:
		escape = formText
	case strings.HasPrefix(s.body, "<"):
		escape = html.EscapeString
	}
	fill := func(text string, escape func(string) string) string {
		return strings.NewReplacer("{event}", escape(event), "{key}", escape(key), "{id}", escape(id), "{number}", number,
			"{time}", seconds, "{ms}", strconv.FormatInt(m.At.UnixMilli(), 10), "{iso}", m.At.UTC().Format(time.RFC3339)).Replace(text)
	}
	header = map[string]string{}
	for line := range strings.Lines(s.headers) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		header[name] = fill(value, func(text string) string { return oneLine(text) })
	}
	return []byte(fill(s.body, escape)), header
}

// randomBytes are those of nonces and initial vectors.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails (crypto/rand)
	return b
}
