package console

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// waitPage is a waiting session of a conversation.
type wait struct {
	ID        string          `json:"id"`
	Tenant    string          `json:"tenant"`
	Source    string          `json:"source"`
	Key       string          `json:"conversation_key"`
	State     string          `json:"state"`
	Mode      string          `json:"mode"`
	Branch    *string         `json:"branch"`
	Match     *string         `json:"match"`
	Reason    *string         `json:"reason"`
	Aliases   []string        `json:"aliases"`
	Variables json.RawMessage `json:"variables"`
	Callback  *struct {
		ID          string          `json:"id"`
		ReceivedAt  *time.Time      `json:"received_at"`
		ContentType *string         `json:"content_type"`
		Body        json.RawMessage `json:"body"`

		Shown  shownBody `json:"-"`
		Mapped []mapped  `json:"-"`
	} `json:"callback"`
	Context   json.RawMessage `json:"context"`
	CreatedAt *time.Time      `json:"created_at"`
	ExpiresAt *time.Time      `json:"expires_at"`
	EndedAt   *time.Time      `json:"ended_at"`
	Holders   *int            `json:"holders"` // of one that is open

	Curl     string        `json:"-"`
	URL      string        `json:"-"`
	MayAct   bool          `json:"-"`
	Requests string        `json:"-"` // where those to its source are; "": they may not be seen
	Refused  *refusedShown `json:"-"` // nil: none was, as far as requests are kept
}

// refusedShown is the requests to a source that were refused while a wait of it was open.
type refusedShown struct {
	Count int
	As    string // the outcome that they have in common; "": they have several
	URL   string
}

// refusedIn finds the refused ones among requests that came while the wait was open.
func (w *wait) refusedIn(all []publicRequest, now time.Time) *refusedShown {
	end := now
	if w.EndedAt != nil {
		end = *w.EndedAt
	}
	found := &refusedShown{URL: w.Requests}
	for i := range all {
		r := &all[i]
		if r.Status < http.StatusBadRequest || r.At == nil || w.CreatedAt == nil || r.At.Before(*w.CreatedAt) || r.At.After(end) {
			continue
		}
		if found.Count++; found.Count == 1 {
			found.As = r.Outcome
		} else if found.As != r.Outcome {
			found.As = ""
		}
	}
	if found.Count == 0 {
		return nil
	}
	found.URL += "?" + url.Values{"outcome": {cmp.Or(found.As, allRefused)}}.Encode()
	return found
}

// lookAround finds what was refused while the wait got no callback: often that is why. It
// looks at the newest requests of the source alone, for more are not worth the wait's page.
func (w *wait) lookAround(v *view) {
	path := v.of("sources", w.Source, "requests")
	if !v.may(http.MethodGet, path) {
		return
	}
	w.Requests = v.at("sources", w.Source, "requests")
	if w.Callback != nil {
		return
	}
	var list struct {
		Data []publicRequest `json:"data"`
	}
	if v.get(path, url.Values{"limit": {"100"}}, &list) == nil {
		w.Refused = w.refusedIn(list.Data, v.now)
	}
}

// Open says whether it still waits.
func (w *wait) Open() bool { return w.State == "waiting" }

// Age is how long it has waited, or did.
func (w *wait) Age() string {
	if w.CreatedAt == nil || w.EndedAt == nil {
		return ""
	}
	return took(float64(w.EndedAt.Sub(*w.CreatedAt).Milliseconds()))
}

// Left is which part of its time is left, of 100, as of now.
func (w *wait) Left(now time.Time) int {
	if !w.Open() || w.CreatedAt == nil || w.ExpiresAt == nil {
		return 0
	}
	whole := w.ExpiresAt.Sub(*w.CreatedAt)
	if whole <= 0 {
		return 0
	}
	return int(max(0, min(100, 100*w.ExpiresAt.Sub(now)/whole)))
}

func waitOf(v *view, id string) (*wait, error) {
	w := &wait{}
	if err := v.get(v.of("waits", id), nil, w); err != nil {
		return nil, err
	}
	if string(w.Context) == "null" {
		w.Context = nil
	} else {
		w.Context = bodyOf(v, w.Context)
	}
	w.Variables = mappedOf(v, "sources", w.Source, w.Variables)
	if w.Callback != nil {
		w.Callback.Mapped = howMapped(v, "sources", w.Source, or(w.Match, ""), w.Callback.Body)
		w.Callback.Body = bodyOf(v, w.Callback.Body)
		w.Callback.Shown = bodyShown(v, "callback", w.Callback.Body, "sources", w.Source, "")
	}
	w.URL, w.Curl = v.at("waits", id), curl(v, http.MethodGet, v.of("waits", id), nil)
	w.lookAround(v)
	w.MayAct = w.Open() && v.may(http.MethodPost, v.of("waits", id, "resolve"))
	return w, nil
}

// waitFigures are how waits went, in a span that is chosen.
type waitFigures struct {
	*figures
	Span spanChosen
}

// waitsPage lists them.
func waitsPage(v *view) error {
	_, shown, err := listOf[wait](v, asksFor{path: v.of("waits"), also: []string{"span"}, filters: []filter{
		{Name: "state", Label: "State", Words: []string{"waiting", "resumed", "timed_out", "cancelled"}}, {Name: "source", Label: "Source", among: "sources"},
		{Name: "conversation_key", Label: "Conversation"}, {Name: "since", Label: "Since"}, {Name: "until", Label: "Until"},
	}})
	if err != nil {
		return err
	}
	shown.Kept = keptOf(v, keptWaits)
	shown.Make = curl(v, http.MethodPost, v.of("waits"), `{"conversation_key": "chat-1", "source": "SOURCE", "mode": "poll", "timeout_seconds": 120}`)
	if shown.Sel != "" {
		shown.Detail = detailOf(v, shown.Sel, nil)
	}
	span := spanOf(v)
	if f, err := statsOf(v, v.of("stats"), span.Over, nil); err == nil {
		shown.More = waitFigures{f, span}
	}
	v.show("waits", "Waits", shown)
	return nil
}

// waitPage shows one.
func waitPage(v *view) error {
	w, err := waitOf(v, v.id)
	if err != nil {
		return err
	}
	v.show("wait", v.id, w)
	return nil
}

// waitForm is a form about a wait.
type waitForm struct {
	Wait  *wait
	Form  url.Values
	Wrong *problemOf
}

func showWaitForm(v *view, name, title string, form url.Values, wrong *problemOf) error {
	w, err := waitOf(v, v.id)
	if err != nil {
		return err
	}
	if !w.MayAct && v.status == 0 {
		v.problem(http.StatusConflict, "Nothing can be done to this wait", "It has ended, or your token may only read.")
		return nil
	}
	v.show(name, title, waitForm{w, form, wrong})
	return nil
}

func resolveFormPage(v *view) error {
	return showWaitForm(v, "resolve", "Resolve", url.Values{"branch": {"SUCCESS"}, "variables": {"{}"}}, nil)
}

func extendFormPage(v *view) error {
	return showWaitForm(v, "extend", "Extend", url.Values{"timeout_seconds": {"60"}}, nil)
}

// inJSON reads what somebody wrote as JSON; else it is a fault of the field.
func inJSON(field, text string) (json.RawMessage, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return nil, &problemOf{Status: http.StatusUnprocessableEntity, Title: "Invalid fields", Detail: "some fields are not valid", Faults: []fault{{field, "is no JSON: " + err.Error()}}}
	}
	return json.RawMessage(text), nil
}

var resolveWait = deed{
	verb: "Resolve",
	do: func(v *view, form url.Values) (said, error) {
		variables, err := inJSON("variables", form.Get("variables"))
		if err != nil {
			return said{}, err
		}
		body := map[string]any{"branch": form.Get("branch")}
		if variables != nil {
			body["variables"] = variables
		}
		if match := form.Get("match"); match != "" {
			body["match"] = match
		}
		_, err = v.ask(request{method: http.MethodPost, path: v.of("waits", v.id, "resolve"), body: body}, nil)
		return said{Text: "The wait is resumed as " + form.Get("branch") + ":", Name: v.id, URL: v.at("waits", v.id)}, err
	},
	form: func(v *view, form url.Values, wrong *problemOf) error {
		return showWaitForm(v, "resolve", "Resolve", form, wrong)
	},
	back: func(v *view) string { return v.at("waits", v.id) },
}

var extendWait = deed{
	verb: "Extend",
	do: func(v *view, form url.Values) (said, error) {
		seconds, err := strconv.Atoi(strings.TrimSpace(form.Get("timeout_seconds")))
		if err != nil {
			return said{}, &problemOf{Status: http.StatusUnprocessableEntity, Title: "Invalid fields", Faults: []fault{{"timeout_seconds", "must be a whole number from 1 to 300"}}}
		}
		_, err = v.ask(request{method: http.MethodPost, path: v.of("waits", v.id, "extend"), body: map[string]int{"timeout_seconds": seconds}}, nil)
		return said{Text: "The wait has " + strconv.Itoa(seconds) + " s from now:", Name: v.id, URL: v.at("waits", v.id)}, err
	},
	form: func(v *view, form url.Values, wrong *problemOf) error {
		return showWaitForm(v, "extend", "Extend", form, wrong)
	},
	back: func(v *view) string { return v.at("waits", v.id) },
}

var cancelWait = deed{
	verb: "Cancel",
	asks: func(v *view) (string, error) {
		w, err := waitOf(v, v.id)
		if err != nil {
			return "", err
		}
		return "Cancel this 1 wait of conversation " + w.Key + " on " + w.Source + "? Its flow goes on without a callback, and a later callback is late.", nil
	},
	do: func(v *view, _ url.Values) (said, error) {
		_, err := v.ask(request{method: http.MethodDelete, path: v.of("waits", v.id)}, nil)
		return said{Text: "The wait was cancelled:", Name: v.id, URL: v.at("waits", v.id)}, err
	},
}
