package main

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hookgate/configs"
)

func newHealthcheckCommand() *cobra.Command {
	var of running
	var f configs.Flags
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a hookgate whether it is ready",
		Long: `Ask a hookgate whether it is ready, for containers: exit status 0 if it is. It asks
/readyz at --server, at HOOKGATE_SERVER, else at the internal address of the
configuration; where that has internal.tls, it must show the certificate of that file,
and where it asks for one too is shown the same, unless --cert names another. No token
is needed.`,
		Example: "  hookgate healthcheck",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmp.Or(of.server, os.Getenv("HOOKGATE_SERVER")) == "" {
				c, err := configs.Load(configs.Options{Flags: f, Environ: os.Environ()})
				if err != nil {
					return fmt.Errorf("configuration:\n%w", err)
				}
				if err := of.own(&c.Internal); err != nil {
					return fmt.Errorf("healthcheck: %w", err)
				}
			}
			text, err := of.askReady()
			if err != nil {
				return fmt.Errorf("healthcheck: %w", err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), text)
			return err
		},
	}
	cmd.Flags().StringVar(&of.server, "server", "", "URL of the internal listener")
	of.tlsFlags(cmd)
	cmd.Flags().StringVar(&f.Config, "config", "", "configuration file (default HOOKGATE_CONFIG)")
	return cmd
}

// nearby is where somebody on this machine reaches a listener.
func nearby(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err == nil && (host == "" || host == "0.0.0.0" || host == "::") {
		return "127.0.0.1:" + port
	}
	return addr
}

// own has the listener of a configuration asked: over TLS it must show the certificate
// that the file has, whatever that is called and whoever made it.
func (r *running) own(c *configs.Internal) error {
	r.server = nearby(c.Addr)
	if c.TLS.Cert == "" {
		return nil
	}
	r.server = "https://" + r.server
	pair, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
	if err != nil {
		return fmt.Errorf("internal.tls: %w", err)
	}
	config, err := r.tlsConfig()
	if err != nil {
		return err
	}
	if len(config.Certificates) == 0 && c.TLS.ClientCA != "" {
		config.Certificates = []tls.Certificate{pair}
	}
	config.InsecureSkipVerify = true // the names, not the certificate
	config.VerifyConnection = func(s tls.ConnectionState) error {
		if !bytes.Equal(s.PeerCertificates[0].Raw, pair.Certificate[0]) {
			return errors.New("it shows another certificate than that of internal.tls")
		}
		return nil
	}
	r.tls = config
	return nil
}

func (r *running) askReady() (string, error) {
	client, err := r.client()
	if err != nil {
		return "", err
	}
	client.Timeout = 5 * time.Second
	response, err := client.Get(r.base() + "/readyz")
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("not ready, status %d: %s", response.StatusCode, strings.TrimSpace(string(text)))
	}
	return string(text), nil
}
