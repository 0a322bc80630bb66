package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// known is who has marked failures as known, and until when.
type known struct {
	ID    string     `json:"id"`
	By    string     `json:"by"`
	Note  *string    `json:"note"`
	Until *time.Time `json:"until"`

	Drop string `json:"-"` // the address at which the mark is taken away; "": it may not be
}

// knownShown is the page on which failures are marked as known.
type knownShown struct {
	What     string
	URL      string
	Back     string
	Endpoint string
	Error    string
	Status   string
	Fields   []field
	Wrong    *problemOf
}

// knownForm asks until when failures of a group are known.
func knownForm(v *view) error {
	form := url.Values{"until": {v.now.Add(24 * time.Hour).UTC().Truncate(time.Minute).Format(time.RFC3339)}}
	for _, name := range []string{"endpoint", "error", "status"} {
		form.Set(name, v.query.Get(name))
	}
	if !v.may(http.MethodPost, v.of("deliveries", "groups", "known")) {
		return &problemOf{Status: http.StatusForbidden}
	}
	if err := v.get(v.of(), nil, nil); err != nil { // the form itself asks for nothing
		return err
	}
	return showKnown(v, form, nil)
}

func showKnown(v *view, form url.Values, wrong *problemOf) error {
	g := group{}
	if text := form.Get("error"); text != "" {
		g.Error = &text
	}
	if status, err := strconv.Atoi(form.Get("status")); err == nil {
		g.Status = &status
	}
	shown := knownShown{
		What: orText(g.What(), "no error"), URL: v.base + v.path, Back: v.at("dead-letters"), Wrong: wrong, Endpoint: form.Get("endpoint"), Error: form.Get("error"), Status: form.Get("status"),
	}
	for _, m := range []member{
		{path: "until", label: "Until", as: asText, hint: "A moment, as 2026-01-31T12:00:00Z; at most 90 days from now"},
		{path: "note", label: "Note", as: asText, hint: "Why it fails, or a ticket"},
	} {
		shown.Fields = append(shown.Fields, field{member: m, Path: m.path, Value: form.Get(m.path), Wrong: wrong.At(m.path)})
	}
	v.show("known", "Mark as known", shown)
	return nil
}

var markKnown = deed{
	verb: "Mark as known",
	do: func(v *view, form url.Values) (said, error) {
		body := map[string]any{"endpoint": form.Get("endpoint"), "until": strings.TrimSpace(form.Get("until"))}
		for _, name := range []string{"error", "note"} {
			if text := strings.TrimSpace(form.Get(name)); text != "" {
				body[name] = text
			}
		}
		if status, err := strconv.Atoi(form.Get("status")); err == nil && status > 0 {
			body["status"] = status
		}
		_, err := v.ask(request{method: http.MethodPost, path: v.of("deliveries", "groups", "known"), body: body}, nil)
		return said{Text: "These failures are marked as known:", Name: form.Get("endpoint"), URL: v.at("endpoints", form.Get("endpoint"))}, err
	},
	form: showKnown,
	back: func(v *view) string { return v.at("dead-letters") },
	to:   func(v *view) string { return v.at("dead-letters") },
}

var unmarkKnown = deed{
	verb: "Unmark",
	asks: func(*view) (string, error) {
		return "Take this 1 mark away? The failures are as unknown as before; nothing of what is sent changes.", nil
	},
	do: func(v *view, _ url.Values) (said, error) {
		_, err := v.ask(request{method: http.MethodDelete, path: v.of("deliveries", "groups", "known", v.id)}, nil)
		return said{Text: "The mark was taken away."}, err
	},
	to: func(v *view) string { return v.at("dead-letters") },
}
