package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hookgate/gateway/audit"
)

// auditLine is who changed what.
type auditLine struct {
	ID    string     `json:"id"`
	At    *time.Time `json:"at"`
	Actor struct {
		Kind  string `json:"kind"`
		ID    string `json:"id"`
		Name  string `json:"name"`
		Scope string `json:"scope"`
	} `json:"actor"`
	Client  string `json:"client"`
	Action  string `json:"action"`
	Object  string `json:"object"`
	Outcome string `json:"outcome"`
	Reason  string `json:"reason"`
	Count   int    `json:"count"`
	Changes []struct {
		Path   string          `json:"path"`
		Before json.RawMessage `json:"before"`
		After  json.RawMessage `json:"after"`
	} `json:"changes"`
}

// Who is who did it, in words.
func (l *auditLine) Who() string {
	for _, name := range []string{l.Actor.Name, l.Actor.ID, l.Actor.Scope} {
		if name != "" {
			return name
		}
	}
	return l.Actor.Kind
}

// Did is what was done, in words.
func (l *auditLine) Did() string { return strings.ReplaceAll(l.Action, "_", " ") }

func auditPage(v *view) error {
	_, shown, err := listOf[auditLine](v, asksFor{path: "/audit", filters: []filter{
		{Name: "action", Label: "Action", Words: audit.ActionWords()}, {Name: "actor", Label: "Actor"}, {Name: "object", Label: "Object"}, {Name: "tenant", Label: "Tenant"},
		{Name: "since", Label: "Since"}, {Name: "until", Label: "Until"},
	}})
	if err != nil {
		return err
	}
	shown.Kept = keptOf(v, keptAudit)
	if len(shown.Chips) == 0 {
		shown.Make = curl(v, http.MethodPut, "/tenants/acme", `{"name": "Acme"}`)
	}
	v.show("audit", "Audit", shown)
	return nil
}

// setting is one setting in force.
type setting struct {
	Key          string          `json:"key"`
	Value        json.RawMessage `json:"value"`
	From         string          `json:"from"`
	NeedsRestart bool            `json:"needs_restart"`
	Waits        bool            `json:"waits"`
}

// lastReload is how the configuration was loaded last.
type lastReload struct {
	At       *time.Time `json:"at"`
	Result   string     `json:"result"`
	Mistakes []struct {
		Line    int    `json:"line"`
		Column  int    `json:"column"`
		Message string `json:"message"`
		Excerpt string `json:"excerpt"`
	} `json:"mistakes"`
	Difference []struct {
		Key    string          `json:"key"`
		Change string          `json:"change"`
		Before json.RawMessage `json:"before"`
		After  json.RawMessage `json:"after"`
	} `json:"difference"`
	NeedsRestart []string `json:"needs_restart"`
}

// Word is how it went.
func (l *lastReload) Word() string {
	if l.Result == "ok" {
		return "done"
	}
	return "refused"
}

// whither is where a request would go.
type whither struct {
	Route    *string `json:"route"`
	Mode     *string `json:"mode"`
	URL      *string `json:"url"`
	Reason   *string `json:"reason"`
	Upstream *string `json:"upstream"`
	Others   []struct {
		Route  string `json:"route"`
		Reason string `json:"reason"`
	} `json:"others"`
}

// mapped is how a variable came to its value.
type mapped struct {
	Name    string          `json:"name"`
	Path    string          `json:"path"`
	Type    *string         `json:"type"`
	State   string          `json:"state"`
	Value   json.RawMessage `json:"value"`
	Problem *string         `json:"problem"`
}

// configShown is the page of the configuration, with the two testers.
type configShown struct {
	Last      lastReload
	Set       []setting // by somebody
	Defaults  []setting // by nobody
	MayReload bool
	Form      url.Values
	Wrong     *problemOf
	Whither   *whither
	Mapped    []mapped
}

func configPage(v *view) error { return showConfig(v, &configShown{}) }

func showConfig(v *view, shown *configShown) error {
	var list struct {
		Data []setting `json:"data"`
	}
	if err := v.get("/config", nil, &list); err != nil {
		return err
	}
	if err := v.get("/config/last-reload", nil, &shown.Last); err != nil {
		return err
	}
	for _, s := range list.Data {
		if s.From == "default" {
			shown.Defaults = append(shown.Defaults, s)
		} else {
			shown.Set = append(shown.Set, s)
		}
	}
	shown.MayReload = v.may(http.MethodPost, "/reload")
	if shown.Form == nil {
		shown.Form = url.Values{"method": {"POST"}, "variables": {`[{ "name": "amount", "path": "data.amount", "type": "number" }]`}, "body": {`{ "data": { "amount": "12.5" } }`}}
	}
	v.show("config", "Configuration", shown)
	return nil
}

// tryConfig asks where a request would go, or what would be mapped from a body. It changes
// nothing.
func tryConfig(v *view) error {
	shown := &configShown{Form: formOf(v.ctx)}
	var err error
	if shown.Form.Get("url") != "" {
		shown.Whither = &whither{}
		_, err = v.ask(request{method: http.MethodPost, path: "/routes/test", body: map[string]string{"method": shown.Form.Get("method"), "url": shown.Form.Get("url")}}, shown.Whither)
	} else {
		var answer struct {
			Variables []mapped `json:"variables"`
		}
		var variables, body json.RawMessage
		if variables, err = inJSON("variables", shown.Form.Get("variables")); err == nil {
			if body, err = inJSON("body", shown.Form.Get("body")); err == nil {
				_, err = v.ask(request{method: http.MethodPost, path: "/map", body: map[string]json.RawMessage{"variables": variables, "body": body}}, &answer)
			}
		}
		shown.Mapped = answer.Variables
	}
	if p, is := asProblem(err); is && p.Status == http.StatusUnprocessableEntity {
		v.status, shown.Wrong, shown.Whither = p.Status, p, nil
		err = nil
	}
	if err != nil {
		return err
	}
	return showConfig(v, shown)
}

var reloadConfig = deed{
	verb: "Reload",
	asks: func(*view) (string, error) {
		return "Load the configuration file again? It is all or nothing: a file with a mistake changes nothing.", nil
	},
	do: func(v *view, _ url.Values) (said, error) {
		_, err := v.ask(request{method: http.MethodPost, path: "/reload"}, nil)
		if p, is := asProblem(err); is && p.Code == "reload_failed" {
			return said{Text: "The file was refused; what was in force stays.", Bad: true}, nil
		}
		return said{Text: "The file was loaded."}, err
	},
	to: func(v *view) string { return v.base + "/config" },
}

// tokenRow is one token of the API.
type tokenRow struct {
	ID         string     `json:"id"`
	Scope      string     `json:"scope"`
	Tenant     string     `json:"tenant"`
	Name       string     `json:"name"`
	CreatedAt  *time.Time `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
	Text       string     `json:"token"`
}

func tokensPage(v *view) error { return showTokens(v, url.Values{"scope": {"tenant"}}, nil) }

func showTokens(v *view, form url.Values, wrong *problemOf) error {
	_, shown, err := listOf[tokenRow](v, asksFor{path: "/tokens"})
	if err != nil {
		return err
	}
	shown.Kept = keptOf(v, keptUntilDeleted)
	shown.Make = curl(v, http.MethodPost, "/tokens", `{"scope": "tenant", "tenant": "acme", "name": "the engineer of acme"}`)
	shown.More = struct {
		Form  url.Values
		Wrong *problemOf
	}{form, wrong}
	v.show("tokens", "Tokens", shown)
	return nil
}

// makeToken makes one, and shows its text, this once.
func makeToken(v *view) error {
	form := formOf(v.ctx)
	body := map[string]any{"scope": form.Get("scope"), "name": form.Get("name")}
	for _, name := range []string{"tenant", "expires_at"} {
		if value := strings.TrimSpace(form.Get(name)); value != "" {
			body[name] = value
		}
	}
	var made tokenRow
	_, err := v.ask(request{method: http.MethodPost, path: "/tokens", body: body}, &made)
	if p, is := asProblem(err); is && p.Status == http.StatusUnprocessableEntity {
		v.status = p.Status
		return showTokens(v, form, p)
	}
	if err != nil {
		return err
	}
	v.show("token", "The new token", made)
	return nil
}

var deleteToken = deed{
	verb: "Delete",
	asks: func(v *view) (string, error) {
		return fmt.Sprintf("Delete the token %s? The next request with it is refused, and every session that it has opened ends.", v.id), nil
	},
	do: func(v *view, _ url.Values) (said, error) {
		_, err := v.ask(request{method: http.MethodDelete, path: "/tokens/" + url.PathEscape(v.id)}, nil)
		return said{Text: "The token was deleted."}, err
	},
	to: func(v *view) string { return v.base + "/tokens" },
}
