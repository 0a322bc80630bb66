package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// internalAPI answers POST /v1/tokens as the internal listener does, and keeps
// what it was asked.
func internalAPI(t *testing.T, status int, answer string) (url string, asked *map[string]string) {
	t.Helper()
	asked = &map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/v1/tokens" || r.Header.Get("Authorization") != "Bearer hg_admin_secret" {
			t.Errorf("asked %s %s as %q", r.Method, r.URL, r.Header.Get("Authorization"))
		}
		if err := json.NewDecoder(r.Body).Decode(asked); err != nil {
			t.Error(err)
		}
		w.Header().Set("Location", "/elsewhere")
		if status >= 400 {
			w.Header().Set("Content-Type", "application/problem+json")
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func tokenCreate(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	root := newRootCommand()
	var out strings.Builder
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append([]string{"token", "create"}, args...))
	err = root.Execute()
	return out.String(), err
}

func TestTokenCreatePrintsTheToken(t *testing.T) {
	t.Setenv("HOOKGATE_ADMIN_TOKEN", "hg_admin_secret")
	url, asked := internalAPI(t, http.StatusCreated, `{"id":"tok_1","scope":"tenant","token":"hg_tenant_new"}`)
	for _, internal := range []string{url, url + "/", strings.TrimPrefix(url, "http://")} {
		got, err := tokenCreate(t, "--scope", "tenant", "--tenant", "acme", "--name", "crm", "--internal", internal)
		if err != nil || got != "hg_tenant_new\n" {
			t.Errorf("%s: printed %q, error %v", internal, got, err)
		}
	}
	if a := *asked; a["scope"] != "tenant" || a["tenant"] != "acme" || a["name"] != "crm" {
		t.Errorf("asked for %v", a)
	}
}

func TestTokenCreateTellsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		status       int
		answer, want string
	}{
		"problem":        {403, `{"title":"Forbidden","detail":"the token's scope does not allow this","code":"forbidden"}`, "create token: the token's scope does not allow this"},
		"title alone":    {401, `{"title":"Unauthorized"}`, "create token: Unauthorized"},
		"faults":         {422, `{"detail":"some fields are not valid","errors":[{"path":"scope","message":"is no scope"}]}`, "create token: some fields are not valid; scope: is no scope"},
		"a stranger":     {200, `<html>`, "create token: the answer is not hookgate's: is this its internal listener?"},
		"a redirect":     {307, ``, "create token: the answer, status 307, is not hookgate's: is this its internal listener?"},
		"without token":  {201, `{"id":"tok_1"}`, "create token: the answer has no token: is this its internal listener?"},
		"JSON, but none": {500, `[]`, "create token: the answer, status 500, is not hookgate's: is this its internal listener?"},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := internalAPI(t, c.status, c.answer)
			got, err := tokenCreate(t, "--scope", "platform", "--token", "hg_admin_secret", "--internal", url)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || got != "" {
				t.Errorf("printed %q, error %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestTokenCreateNeedsScopeAndAdminToken(t *testing.T) {
	t.Setenv("HOOKGATE_ADMIN_TOKEN", "")
	t.Setenv("HOOKGATE_TOKEN", "")
	if _, err := tokenCreate(t, "--scope", "admin"); err == nil || !strings.Contains(err.Error(), "no admin token: set HOOKGATE_ADMIN_TOKEN or --token") {
		t.Errorf("without an admin token: %v", err)
	}
	if _, err := tokenCreate(t); err == nil || !strings.Contains(err.Error(), `required flag(s) "scope" not set`) {
		t.Errorf("without a scope: %v", err)
	}
}
