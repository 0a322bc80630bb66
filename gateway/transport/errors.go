package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// Words for what kept a request from its answer (SPEC 12, delivery_attempts_total).
const (
	WordTimeout  = "timeout"  // the deadline passed, in whatever step
	WordConnect  = "connect"  // no connection could be made
	WordTLS      = "tls"      // the handshake failed, or a certificate is not trusted
	WordDNS      = "dns"      // the name has no address
	WordBlocked  = "blocked"  // the egress rules forbid the target
	WordProtocol = "protocol" // the connection broke before its answer was whole, or the answer is not HTTP
)

// Error says why there is no answer. Its text names hosts and addresses, and
// never a path, a query, a header or a body: it may be logged and shown.
type Error struct {
	Word    string
	Text    string
	Address string // that was dialled, host:port; "": none was
	err     error
}

func (e *Error) Error() string { return e.Word + ": " + e.Text }

// Unwrap leads to the cause, for errors.Is alone.
func (e *Error) Unwrap() error { return e.err }

func blocked(format string, args ...any) *Error {
	return &Error{Word: WordBlocked, Text: fmt.Sprintf(format, args...)}
}

// withAddress says of a failure which address it was, unless that was never dialled.
func withAddress(err error, address string) error {
	if known := (*Error)(nil); errors.As(err, &known) && known.Word != WordBlocked {
		known.Address = address
	}
	return err
}

// failure wraps err under a word, or under timeout where that is what it is.
func failure(word, doing string, err error, fallback string) *Error {
	if known := (*Error)(nil); errors.As(err, &known) {
		return known
	}
	if isTimeout(err) {
		return &Error{Word: WordTimeout, Text: doing + ": the deadline passed", err: err}
	}
	if why := alertOf(err); why != "" {
		return &Error{Word: WordTLS, Text: doing + ": it refuses: " + why, err: err}
	}
	return &Error{Word: word, Text: doing + ": " + reason(err, fallback), err: err}
}

// alertOf is the alert with which a peer refuses TLS; "" for none. What it thinks of our
// certificate comes behind the handshake in TLS 1.3. crypto/tls exports no type for it,
// but this mark; the texts are its own.
func alertOf(err error) string {
	op := (*net.OpError)(nil)
	if !errors.As(err, &op) || op.Op != "remote error" {
		return ""
	}
	return strings.TrimPrefix(op.Err.Error(), "tls: ")
}

func isTimeout(err error) bool {
	var timed interface{ Timeout() bool }
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &timed) && timed.Timeout()
}

// reason gives the cause in few words, or the fallback: the texts of other
// errors are not used, for fasthttp's quote what the peer sent.
func reason(err error, fallback string) string {
	var (
		errno     syscall.Errno
		dns       *net.DNSError
		hostname  x509.HostnameError
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &errno):
		return errno.Error()
	case errors.As(err, &dns):
		return dns.Err
	case errors.As(err, &hostname):
		return "the certificate is for another name"
	case errors.As(err, &authority):
		return "the certificate is signed by an unknown authority"
	case errors.As(err, &invalid):
		return reasonOf(&invalid)
	case errors.As(err, &record):
		return "the peer does not speak TLS"
	case errors.Is(err, context.Canceled):
		return "given up"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "the connection closed"
	}
	return fallback
}

// reasonOf says what is wrong with a certificate.
func reasonOf(invalid *x509.CertificateInvalidError) string {
	switch cert := invalid.Cert; {
	case invalid.Reason != x509.Expired || cert == nil:
		return "the certificate is not valid"
	case time.Now().Before(cert.NotBefore):
		return "the certificate is not valid before " + cert.NotBefore.UTC().Format(time.RFC3339)
	default:
		return "the certificate has expired on " + cert.NotAfter.UTC().Format(time.RFC3339)
	}
}
