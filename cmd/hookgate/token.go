package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newTokenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "token",
		Short:   "Manage tokens of the internal API",
		Long:    "Manage tokens of the internal API.",
		Example: "  hookgate token create --scope platform --name bot",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	cmd.AddCommand(newTokenCreateCommand())
	return cmd
}

// tokenRequest is what `token create` asks of the internal API, and whom.
type tokenRequest struct {
	internal, admin     string
	scope, tenant, name string
}

func newTokenCreateCommand() *cobra.Command {
	var r tokenRequest
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a token and print it, this once",
		Long: `Make a token through the internal API of a running hookgate, and print it on
standard output. It is shown this once: hookgate keeps only its hash.

The admin token is taken from HOOKGATE_ADMIN_TOKEN, or from --token.`,
		Example: `  export HOOKGATE_ADMIN_TOKEN=hg_admin_...
  hookgate token create --scope platform --name bot
  hookgate token create --scope tenant --tenant acme --name crm --internal http://10.0.0.5:8081`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if r.admin == "" {
				r.admin = os.Getenv("HOOKGATE_ADMIN_TOKEN")
			}
			token, err := r.create()
			if err != nil {
				return fmt.Errorf("create token: %w", err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), token)
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&r.scope, "scope", "", "what the token may do: admin, platform or tenant")
	flags.StringVar(&r.tenant, "tenant", "", "the tenant it is for, with --scope tenant")
	flags.StringVar(&r.name, "name", "", "what it is for, to know it by in lists")
	flags.StringVar(&r.internal, "internal", "http://127.0.0.1:8081", "URL of the internal listener")
	flags.StringVar(&r.admin, "token", "", "the admin token; better in HOOKGATE_ADMIN_TOKEN, which no list of processes shows")
	if err := cmd.MarkFlagRequired("scope"); err != nil {
		panic(err) // no such flag: a slip of ours
	}
	return cmd
}

// answerLimit bounds what is read of an answer, in bytes.
const answerLimit = 1 << 20

func (r tokenRequest) create() (token string, err error) {
	if r.admin == "" {
		return "", errors.New("no admin token: set HOOKGATE_ADMIN_TOKEN or --token")
	}
	body, err := json.Marshal(map[string]string{"scope": r.scope, "tenant": r.tenant, "name": r.name})
	if err != nil {
		return "", err
	}
	if !strings.Contains(r.internal, "://") {
		r.internal = "http://" + r.internal
	}
	target, err := url.JoinPath(r.internal, "/v1/tokens")
	if err != nil {
		return "", fmt.Errorf("--internal: %w", err)
	}
	request, err := http.NewRequest(http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("--internal: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+r.admin)
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token goes nowhere else
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return "", err
	}
	return readToken(response.StatusCode, answer)
}

// readToken gives the token of an answer, or what is wrong in the words of its
// problem.
func readToken(status int, answer []byte) (string, error) {
	var told struct {
		Token  string
		Detail string
		Title  string
		Errors []struct{ Path, Message string }
	}
	err := json.Unmarshal(answer, &told)
	if status/100 == 2 && err == nil && told.Token != "" {
		return told.Token, nil
	}
	if err != nil || told.Detail+told.Title == "" {
		return "", fmt.Errorf("the answer, status %d, is not hookgate's: is --internal its internal listener?", status)
	}
	text := told.Detail
	if text == "" {
		text = told.Title
	}
	for _, e := range told.Errors {
		text += "; " + e.Path + ": " + e.Message
	}
	return "", errors.New(text)
}
