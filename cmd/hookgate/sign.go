package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hookgate/auth/signature"
	"hookgate/gateway/fields"
)

// schemeFlags are what sign and verify are told of a signature scheme.
type schemeFlags struct {
	config   signature.Config
	bodyHash string
}

func (s *schemeFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&s.config.Type, "type", "standard", "the scheme: "+strings.Join(signable(), ", "))
	flags.StringArrayVar(&s.config.Secrets, "secret", nil, "the secret, several times for several; better in HOOKGATE_SECRET, which no list of processes shows")
	flags.StringVar(&s.config.Header, "signature-header", "", "hmac: the name of the header that has the signature")
	flags.StringVar(&s.config.Algorithm, "algorithm", "", "hmac: sha1, sha256, sha512 (default sha256); cloudinary: sha1, sha256 (default sha1); rfc9421: hmac-sha256, ed25519 (default by the form of the secret)")
	flags.StringVar(&s.config.Encoding, "encoding", "", "hmac: hex, base64, base64url (default hex)")
	flags.StringVar(&s.config.Prefix, "prefix", "", `hmac: what stands before the signature, as "sha256="`)
	flags.StringVar(&s.config.Signed, "signed", "", "hmac: what is signed, as {id}.{timestamp}.{body} (default {body}); rfc9421: which components, as '@method @target-uri content-digest' (the default)")
	flags.StringVar(&s.config.TimestampHeader, "timestamp-header", "", "hmac: the name of the header that has the timestamp")
	flags.StringVar(&s.config.TimestampUnit, "timestamp-unit", "", "hmac: s, ms, us, iso (default s)")
	flags.StringVar(&s.config.HeaderFormat, "format", "", "hmac: of a header that has both, as t={timestamp},v1={signature}")
	flags.StringVar(&s.config.Key, "key", "", "pusher: the app's key, which says whose the secrets are")
	flags.StringVar(&s.config.APIKey, "api-key", "", "stream: the app's key, where only one passes; livekit, vonage: the key that tokens name")
	flags.StringVar(&s.config.ClientKey, "client-key", "", "atlassian-connect: the client key that tokens name")
	flags.StringVar(&s.config.BaseURL, "base-url", "", "atlassian-connect: the URL of the app, whose path is not signed")
	flags.StringSliceVar(&s.config.Algorithms, "algorithms", nil, "jwt: which may be, of HS256, HS384, HS512 (default HS256)")
	flags.StringVar(&s.config.Issuer, "issuer", "", "jwt: whom the token is from")
	flags.StringVar(&s.config.Audience, "audience", "", "jwt: whom it is for")
	flags.StringVar(&s.bodyHash, "body-hash", "", "jwt: the claim that has the SHA-256 of the body, in hex")
	flags.BoolVar(&s.config.CheckSource, "check-source", false, "hookdeck: the event's own source must be verified, too")
	flags.StringVar(&s.config.PublicKey, "public-key", "", "braintree: the account's public key, which picks the signature")
	flags.StringVar(&s.config.ApplicationKey, "application-key", "", "sinch-application: the application's key")
	flags.StringVar(&s.config.VerificationToken, "verification-token", "", "lark: what must stand within every event")
}

// read gives the scheme with its secrets, from the flags or the environment.
func (s *schemeFlags) read() signature.Config {
	c := s.config
	if secret := os.Getenv("HOOKGATE_SECRET"); len(c.Secrets) == 0 && secret != "" {
		c.Secrets = []string{secret}
	}
	if s.bodyHash != "" {
		c.BodyHash = &signature.BodyHash{Claim: s.bodyHash}
	}
	return c
}

// schemeError tells faults by the names of the flags.
func schemeError(faults []signature.Fault) error {
	texts := make([]string, len(faults))
	for i, f := range faults {
		name := strings.ReplaceAll(f.Field, "_", "-")
		switch {
		case name == "header":
			name = "signature-header"
		case strings.HasPrefix(name, "secrets"):
			name = "secret" + strings.TrimPrefix(name, "secrets")
		}
		texts[i] = "--" + name + " " + f.Message + fields.Meant(f.Word, f.Words)
		if f.Field == "secrets" {
			texts[i] += ", or HOOKGATE_SECRET"
		}
	}
	return errors.New(strings.Join(texts, "; "))
}

func newSignCommand() *cobra.Command {
	var scheme schemeFlags
	var id, at, method, url string
	cmd := &cobra.Command{
		Use:   "sign",
		Short: "Sign a body, and print the headers to send with it",
		Long: `Sign the body on standard input as senders of a scheme do, and print the headers
to send with it, a line each: as curl -H @FILE and hookgate verify --header @FILE
read them.

The secret is taken from HOOKGATE_SECRET, or from --secret, in the form in which the
provider shows it; of the schemes that sign with a private key it is that one: whsk_…
for standard-ed25519, seed and public key in base64 for telnyx, PKCS #8 in base64 for
sendgrid, and for rfc9421 where it signs with one. A body for lark is encrypted before, and one for linear has its time in it.`,
		Example: `  export HOOKGATE_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
  hookgate sign < body.json > headers
  curl -H @headers -H 'Content-Type: application/json' --data-binary @body.json http://127.0.0.1:8080/hooks/acme/payments

  hookgate sign --type github < body.json
  hookgate sign --type hmac --signature-header X-Sig --signed '{timestamp}.{body}' --timestamp-header X-Time < body.json
  hookgate sign --type hmac --signature-header X-Sig --signed '{timestamp}.{body}' --format 't={timestamp},v1={signature}' < body.json
  hookgate sign --type rfc9421 --algorithm hmac-sha256 --url http://127.0.0.1:8080/hooks/acme/payments < body.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := readMessage(cmd.InOrStdin(), id, at)
			if err != nil {
				return err
			}
			m.Method, m.URL = method, url
			return sign(cmd.OutOrStdout(), scheme.read(), m)
		},
	}
	scheme.add(cmd)
	cmd.Flags().StringVar(&method, "method", http.MethodPost, "the method of the request, for schemes that sign it")
	cmd.Flags().StringVar(&url, "url", "", "the URL that will be called, for schemes that sign it: square, hubspot, hubspot-v2, messagebird, qstash, atlassian-connect, "+strings.Join(signature.Composers(), ", "))
	cmd.Flags().StringVar(&id, "id", "", "the id of what is sent (default made up)")
	cmd.Flags().StringVar(&at, "timestamp", "", "when it is signed: Unix seconds, or RFC 3339 (default now)")
	return cmd
}

// signable lists the types of which hookgate can sign a message.
func signable() []string { return append(signature.Senders(), signature.Composers()...) }

// sign prints the headers of a message.
func sign(out io.Writer, c signature.Config, m signature.Message) error {
	if m.URL == "" && c.Type != "hmac" && signature.SignsURL(c) { // hmac that signs it is a fault of its own
		return errNoURL
	}
	signer, faults := signature.CompileSender(c)
	if len(faults) == 0 {
		faults = signature.CheckSecrets(c)
	}
	if len(faults) > 0 {
		return schemeError(faults)
	}
	var lines strings.Builder
	signer.Sign(m, func(name string, value []byte) { fmt.Fprintf(&lines, "%s: %s\n", name, value) })
	if lines.Len() == 0 {
		return errors.New("this scheme cannot sign that body, or that --url")
	}
	_, err := io.WriteString(out, lines.String())
	return err
}

var errNoURL = errors.New("--url is missing: this scheme signs it")

// readMessage makes the message of the flags and standard input.
func readMessage(in io.Reader, id, at string) (m signature.Message, err error) {
	if m.ID = id; id == "" {
		m.ID = "msg_" + rand.Text()
	}
	// The full stop ends the id in what is signed; anything else is no header value.
	if strings.ContainsFunc(m.ID, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '.' }) {
		return m, fmt.Errorf("--id is %q: use ASCII characters without spaces and full stops", id)
	}
	if m.At, err = readMoment("--timestamp", at); err != nil {
		return m, err
	}
	m.Body, err = readBody(in)
	return m, err
}

// readMoment reads a moment as people and as headers write it; "" is now.
func readMoment(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Unix(int64(seconds), 0), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Unix() < 0 {
		return at, fmt.Errorf("%s is %q: must be Unix seconds, or RFC 3339 as 2026-07-01T12:00:00Z", flag, text)
	}
	return at, nil
}

// bodyLimit bounds what is read of a body, in bytes: the most that hookgate takes
// or sends.
const bodyLimit = 16 << 20

func readBody(in io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(in, bodyLimit+1))
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	if len(body) > bodyLimit {
		return nil, fmt.Errorf("the body has more than %d MiB", bodyLimit>>20)
	}
	return body, nil
}
