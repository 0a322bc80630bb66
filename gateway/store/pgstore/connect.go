package pgstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
)

// dialing marks what is dialled to connect. The driver dials for itself, too, to cancel a
// statement whose connection it closes: such a cancel may meet a commit that waits for its
// standby, which is then told as done. So that is refused, and the connection just closes.
type dialing struct{}

var errNoCancel = errors.New("a statement is never cancelled")

// connect opens a connection that is asked for by role; it closes it when it is done.
// Nothing is kept in its session: it may be of a pooler that pools transactions.
func (e *engine) connect(ctx context.Context, role string, notice pgconn.NoticeHandler) (*pgconn.PgConn, error) {
	url, err := e.opts.URL()
	if err != nil {
		return nil, fmt.Errorf("the url of the database: %w", err)
	}
	config, err := parseURL(url)
	if err != nil {
		return nil, fmt.Errorf("the url of the database: %w", err)
	}
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if ctx.Value(dialing{}) == nil {
			return nil, errNoCancel
		}
		return dial(ctx, network, address)
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "hookgate " + role
	}
	config.OnNotice = notice
	if config.ValidateConnect == nil && severalHosts(config) {
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite // of several hosts, the one that takes writes
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, dialing{}, true), e.opts.Patience)
	defer cancel()
	c, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, withoutURL(err)
	}
	return c, nil
}

// severalHosts tells whether a URL names several. Of one host, too, the driver has fallbacks:
// where sslmode is prefer or not set, with TLS and without.
func severalHosts(c *pgconn.Config) bool {
	return slices.ContainsFunc(c.Fallbacks, func(f *pgconn.FallbackConfig) bool { return f.Host != c.Host || f.Port != c.Port })
}

// warnings are those that came of what is under way. A commit that was cancelled while it
// waited for its standby is told as done, with one of them before it.
type warnings []string

// note takes note of a warning. It is called while a statement is read.
func (w *warnings) note(_ *pgconn.PgConn, n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" || n.Severity == "WARNING" {
		*w = append(*w, n.Message)
	}
}

// take forgets them, and gives an error for the first.
func (w *warnings) take() (err error) {
	if len(*w) > 0 {
		err = fmt.Errorf("%w: %s", errWarned, (*w)[0])
	}
	*w = (*w)[:0]
	return err
}

// CheckURL says why a URL cannot name a database. Its error repeats nothing of it.
func CheckURL(url string) error {
	_, err := parseURL(url)
	return err
}

func parseURL(url string) (*pgconn.Config, error) {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, withoutURL(err)
	}
	return config, nil
}

// withoutURL is an error whose text has no password: the driver's names the url with its
// password left out, but for forms that it cannot read.
func withoutURL(err error) error {
	var form *pgconn.ParseConfigError
	if errors.As(err, &form) {
		return errors.New("it has not the form postgres://user:password@host:port/database?sslmode=verify-full")
	}
	return err
}

// inBinary asks for all values in the binary form.
var inBinary = []int16{1}

// ask sends a statement with its parameters, unnamed and of this one time: what drivers call
// the mode "exec". What is asked all the time goes by prepared.go.
func ask(ctx context.Context, c *pgconn.PgConn, sql string, p *params) *pgconn.ResultReader {
	if p == nil {
		p = &params{}
	}
	return c.ExecParams(ctx, sql, p.values, p.oids, inBinary, inBinary)
}

// tell sends a statement and wants no rows back.
func tell(ctx context.Context, c *pgconn.PgConn, sql string, p *params) error {
	_, err := ask(ctx, c, sql, p).Close()
	return err
}

// row sends a statement and gives its only row; nil when there is none.
func row(ctx context.Context, c *pgconn.PgConn, sql string, p *params) (values [][]byte, err error) {
	return rowOf(ask(ctx, c, sql, p))
}

// rowOf reads the only row of an answer.
func rowOf(r *pgconn.ResultReader) (values [][]byte, err error) {
	for r.NextRow() {
		values = values[:0]
		for _, v := range r.Values() {
			values = append(values, bytes.Clone(v)) // NULL stays nil
		}
	}
	_, err = r.Close()
	return values, err
}
