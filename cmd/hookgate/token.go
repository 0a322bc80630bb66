package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"hookgate/gateway/client"
)

func newTokenCreateCommand(r *running) *cobra.Command {
	var t client.NewToken
	var internal string
	var ends time.Duration
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a token and print it, this once",
		Long: `Make a token through the internal API of a running hookgate, and print it on
standard output. It is shown this once: hookgate keeps only its hash.

The admin token is taken from HOOKGATE_ADMIN_TOKEN, HOOKGATE_TOKEN, or --token.`,
		Example: `  hookgate token create --scope platform --name bot
  hookgate token create --scope tenant --tenant acme --name crm --expires-in 720h`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			asks := running{
				ca: r.ca, cert: r.cert, key: r.key, server: cmp.Or(r.server, internal), // HOOKGATE_ADMIN_TOKEN comes first: no other may make tokens
				token: cmp.Or(r.token, os.Getenv("HOOKGATE_ADMIN_TOKEN"), os.Getenv("HOOKGATE_TOKEN")),
			}
			if t.Scope == "tenant" && t.Tenant == "" {
				return usagef("create token: set --tenant: a token of the scope tenant is for one")
			}
			if asks.token == "" {
				return errors.New("create token: no admin token: set HOOKGATE_ADMIN_TOKEN or --token")
			}
			if ends != 0 {
				at := time.Now().Add(ends)
				t.ExpiresAt = &at
			}
			text, err := createToken(cmd, &asks, t)
			if err != nil {
				return fmt.Errorf("create token: %w", err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), text)
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&t.Scope, "scope", "", "what the token may do: admin, platform or tenant")
	flags.StringVar(&t.Tenant, "tenant", "", "the tenant it is for, with --scope tenant")
	flags.StringVar(&t.Name, "name", "", "what it is for, to know it by in lists")
	flags.DurationVar(&ends, "expires-in", 0, "how long it is good (default for ever)")
	flags.StringVar(&internal, "internal", "", "as --server, which it was called before")
	if err := errors.Join(cmd.MarkFlagRequired("scope"), flags.MarkHidden("internal")); err != nil {
		panic(err) // no such flag: a slip of ours
	}
	completes(cmd, "scope", words("admin", "platform", "tenant"))
	completes(cmd, "tenant", tenantsOf(r))
	return cmd
}

// createBound is how long making a token may take.
const createBound = 30 * time.Second

func createToken(cmd *cobra.Command, r *running, t client.NewToken) (string, error) {
	c, err := r.asks(cmd)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), createBound)
	defer cancel()
	_, text, err := c.MakeToken(ctx, t)
	if err == nil && text == "" {
		err = errors.New("the answer has no token: is this its internal listener?")
	}
	return text.Reveal(), err
}
