package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"hookgate/auth/signature"
)

func newVerifyCommand() *cobra.Command {
	var scheme schemeFlags
	var headers []string
	var now, method, url string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check the signature of a body with its headers",
		Long: `Check the body on standard input, byte for byte as it was received, with the
headers that came with it. Prints ok; or says why not, and the exit status is 1.

The secret is taken from HOOKGATE_SECRET, or from --secret, in the form in which the
provider shows it: the public key, where it signs with a private one.`,
		Example: `  export HOOKGATE_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
  hookgate sign < body.json > headers
  hookgate verify --header @headers < body.json

  hookgate verify --type github --header 'X-Hub-Signature-256: sha256=…' < body.json
  hookgate verify --header @headers --now 2026-07-01T12:00:00Z < yesterdays.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			r := signature.Request{Method: method, URL: func() string { return url }, Query: signature.Parameters(url)}
			if r.Header, err = readHeaders(headers); err != nil {
				return err
			}
			if r.Now, err = readMoment("--now", now); err != nil {
				return err
			}
			if r.Body, err = readBody(cmd.InOrStdin()); err != nil {
				return err
			}
			return verify(cmd.OutOrStdout(), scheme.read(), &r)
		},
	}
	scheme.add(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&headers, "header", nil, "a header that came, as 'name: value', or @FILE with one a line; several times for several")
	flags.DurationVar(&scheme.config.Tolerance, "tolerance", 0, "how far the timestamp may be from now (default what the scheme says)")
	flags.StringVar(&method, "method", http.MethodPost, "the request's method, for schemes that sign it and {method} of hmac")
	flags.StringVar(&url, "url", "", "the URL that was called, for schemes that sign it and {url} and {path} of hmac")
	flags.StringVar(&now, "now", "", "check as of then: Unix seconds, or RFC 3339 (default now)")
	return cmd
}

// verify says ok, or why not.
func verify(out io.Writer, c signature.Config, r *signature.Request) error {
	if c.Type == "hmac" { // what hookgate signs as {id} is in this header
		c.Signed = strings.ReplaceAll(c.Signed, "{id}", "{header:webhook-id}")
	}
	known := append(signable(), signature.Bodied()...) // a source's other types have no signature, or ask others for a key
	if !slices.Contains(known, c.Type) {
		return fmt.Errorf("--type is %q: must be one of %s", c.Type, strings.Join(known, ", "))
	}
	if r.URL() == "" && signature.SignsURL(c) {
		return errNoURL
	}
	verifier, faults := signature.Compile(c)
	if len(faults) == 0 {
		faults = signature.CheckSecrets(c)
	}
	if len(faults) > 0 {
		return schemeError(faults)
	}
	if err := verifier.Verify(r); err != nil {
		return fmt.Errorf("not verified: %w", explained(err))
	}
	_, err := fmt.Fprintln(out, "ok")
	return err
}

// explained says in words what a refusal's reason says to programs.
func explained(err error) error {
	refused, is := errors.AsType[*signature.Error](err)
	if !is {
		return err
	}
	return fmt.Errorf("%w: %s", err, map[signature.Reason]string{
		signature.MissingHeader:    "the header is not there",
		signature.MissingParameter: "it is not there, or not signed",
		signature.DuplicateHeader:  "the header is there more than once",
		signature.Malformed:        "the header is not of the scheme's form",
		signature.Version:          "the header has only signatures of other versions",
		signature.Stale:            "the timestamp is too old: check as of then with --now",
		signature.Future:           "the timestamp is in the future",
		signature.Algorithm:        "the token is signed with another algorithm",
		signature.MissingClaim:     "the token has no such claim",
		signature.Claim:            "the claim says another",
		signature.Mismatch:         "another secret, or not the bytes that were signed",
		signature.Credential:       "the key or token is not the right one",
		signature.SourceUnverified: "the provider could not verify who it passes on",
	}[refused.Reason])
}

// headerFields shows net/http's headers to a verifier.
type headerFields http.Header

// Get is that of signature.Headers.
func (h headerFields) Get(name string) (value []byte, n int) {
	values := http.Header(h).Values(name)
	if len(values) == 0 {
		return nil, 0
	}
	return []byte(values[0]), len(values)
}

// headersLimit bounds a file of headers, in bytes.
const headersLimit = 1 << 20

// readHeaders reads headers as the flags give them: 'name: value', or @FILE.
func readHeaders(given []string) (headerFields, error) {
	all := make(http.Header)
	for i, text := range given {
		file, is := strings.CutPrefix(text, "@")
		if is {
			var err error
			if text, err = readHeaderFile(file); err != nil {
				return nil, fmt.Errorf("--header: %w", err)
			}
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			name, value, found := strings.Cut(line, ":")
			if !found || name == "" || strings.ContainsAny(name, " \t") {
				return nil, fmt.Errorf("--header, the %d. one: must be 'name: value', or @FILE with one a line", i+1) // its text may be a credential
			}
			all.Add(name, strings.TrimSpace(value))
		}
	}
	return headerFields(all), nil
}

func readHeaderFile(name string) (text string, err error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	raw, err := io.ReadAll(io.LimitReader(file, headersLimit))
	return string(raw), err
}
