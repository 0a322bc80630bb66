package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"encoding/json"
)

// line is one line of a timeline, with the members of every kind.
type line struct {
	At         *time.Time `json:"at"`
	Kind       string     `json:"kind"`
	ID         string     `json:"id"`
	Source     string     `json:"source"`
	State      *string    `json:"state"`
	Branch     *string    `json:"branch"`
	Match      *string    `json:"match"`
	Reason     *string    `json:"reason"`
	CallbackID *string    `json:"callback_id"`
	ExpiresAt  *time.Time `json:"expires_at"`
	EndedAt    *time.Time `json:"ended_at"`
	Outcome    *string    `json:"outcome"`
	WaitID     *string    `json:"wait_id"`
	Type       string     `json:"type"`
	Message    string     `json:"message"`
	Route      string     `json:"route"`
	Endpoint   string     `json:"endpoint"`
	EventIDs   []string   `json:"event_ids"`
	DeliveryID string     `json:"delivery_id"`
	Number     int        `json:"number"`
	DurationMS float64    `json:"duration_ms"`
	Status     *int       `json:"status"`
	Error      *string    `json:"error"`
	Webhook    string     `json:"webhook"`
	Attempts   int        `json:"attempts"`
	Deed       string     `json:"deed"`
	Scope      string     `json:"scope"`
}

// What says what a line is about, in words.
func (l *line) What() string {
	switch l.Kind {
	case "wait":
		return "wait on " + l.Source
	case "callback":
		return "callback to " + l.Source
	case "event":
		name := l.Type
		if l.Message != "" {
			name += "/" + l.Message
		}
		if l.Route != "" {
			name += " of route " + l.Route
		}
		return "event " + name
	case "delivery":
		return "delivery to " + l.Endpoint
	case "attempt":
		return "attempt " + strconv.Itoa(l.Number) + " at " + l.Endpoint
	case "call":
		return "call of " + l.Webhook
	case "deed":
		return strings.ReplaceAll(l.Deed, "_", " ") + " by hand"
	}
	return l.Kind
}

// Word is how it stands.
func (l *line) Word() string {
	switch l.Kind {
	case "wait", "delivery":
		return or(l.State, "")
	case "callback", "call":
		return or(l.Outcome, "")
	case "attempt":
		return attemptWord(l.Error)
	}
	return ""
}

// More is what else is worth a look.
func (l *line) More() string {
	var all []string
	add := func(text string) {
		if text != "" {
			all = append(all, text)
		}
	}
	add(or(l.Branch, ""))
	add(or(l.Match, ""))
	add(or(l.Reason, ""))
	if l.Status != nil && *l.Status > 0 {
		add("status " + strconv.Itoa(*l.Status))
	}
	add(or(l.Error, ""))
	if l.Kind == "attempt" || l.Kind == "call" {
		add(took(l.DurationMS))
	}
	return strings.Join(all, " · ")
}

// Deadline is when the time of a wait is over that is open; nil: there is no such moment.
func (l *line) Deadline() *time.Time {
	if l.Kind == "wait" && l.Word() == "waiting" {
		return l.ExpiresAt
	}
	return nil
}

// conversationShown is the page of one conversation.
type conversationShown struct {
	Key    string
	Lines  []line // the newest first
	Next   string
	Axes   []*axis
	Sel    string
	Detail *detail
	Curl   string
	JSON   string // where the whole is, as JSON
	Kept   kept
}

// conversationPage shows one chat with all that came to it, on one axis.
func conversationPage(v *view) error {
	var list struct {
		Data []line  `json:"data"`
		Next *string `json:"next_cursor"`
	}
	path := v.of("conversations", v.id)
	query := askedIn(v)
	if v.query.Get("limit") == "" {
		query.Set("limit", "100")
	}
	if err := v.get(path, query, &list); err != nil {
		return err
	}
	if v.query.Get("format") == "json" {
		return download(v, path, query)
	}
	if len(list.Data) == 0 && v.query.Get("cursor") == "" {
		v.status = http.StatusNotFound
	}
	shown := conversationShown{Key: v.id, Next: or(list.Next, ""), Sel: v.query.Get("sel"), Curl: curl(v, "GET", path, nil), JSON: v.with("format", "json", "sel", "")}
	shown.Axes = axesOf(v, list.Data, shown.Sel)
	slices.Reverse(list.Data)
	shown.Lines, shown.Kept = list.Data, keptOf(v, keptConversation)
	if shown.Sel != "" {
		shown.Detail = detailOf(v, shown.Sel, list.Data)
	}
	v.show("conversation", v.id, shown)
	return nil
}

// download gives what the API says, to be kept in a file.
func download(v *view, path string, query url.Values) error {
	var raw json.RawMessage
	if err := v.get(path, query, &raw); err != nil {
		return err
	}
	v.ctx.SetContentType("application/json")
	v.ctx.Response.Header.Set("Content-Disposition", `attachment; filename="conversation.json"`)
	give(v, bodyOf(v, raw))
	return nil
}

// conversationAskedPage asks for the key of a conversation.
func conversationAskedPage(v *view) error {
	if !v.reaches(http.MethodGet, v.of("conversations")) {
		return errNotShown
	}
	if key := v.query.Get("q"); key != "" {
		v.redirect(v.at("conversations", key))
		return nil
	}
	type row struct {
		Key string
		wait
	}
	var rows []row
	seen := map[string]bool{}
	// A chat that hangs is what people look for: newer ones that went on do not push it off.
	for _, asked := range []url.Values{{"limit": {"20"}, "state": {"waiting"}}, {"limit": {"20"}}} {
		var list struct {
			Data []wait `json:"data"`
		}
		if err := v.get(v.of("waits"), asked, &list); err != nil {
			return err
		}
		for _, w := range list.Data {
			if !seen[w.Key] {
				seen[w.Key] = true
				rows = append(rows, row{w.Key, w})
			}
		}
	}
	v.show("conversations", "Conversations", struct {
		Rows any
		Kept kept
		Curl string
	}{rows, keptOf(v, keptWaits), curl(v, "POST", v.of("waits"), `{"conversation_key": "chat-1", "source": "SOURCE", "mode": "poll"}`)})
	return nil
}

// detailOf is one thing beside a list or the axis, whole.
type detail struct {
	ID, Kind string
	Line     *line
	Wait     *wait
	Delivery *deliveryShown
	Event    *event
	Told     *toldWhole // of a callback, or of a call
	URL      string     // its own page; "": it has none
	Missing  bool
}

// Title is what stands above it.
func (d *detail) Title() string {
	switch {
	case d.Line != nil:
		return d.Line.What()
	case d.Wait != nil:
		return "Wait on " + d.Wait.Source
	case d.Delivery != nil:
		return "Delivery to " + d.Delivery.Endpoint
	case d.Event != nil:
		return "Event " + d.Event.Type
	case d.Told != nil:
		return d.Kind
	}
	return "Nothing of this id"
}

// detailOf gives one thing of a conversation by its id.
func detailOf(v *view, id string, lines []line) *detail {
	d := &detail{ID: id}
	for i := range lines {
		if lines[i].ID == id {
			d.Line, d.Kind = &lines[i], lines[i].Kind
		}
	}
	id, _, _ = strings.Cut(id, "/") // an attempt is shown with its delivery
	var err error
	switch prefix, _, _ := strings.Cut(id, "_"); prefix {
	case "wait":
		d.URL = v.at("waits", id)
		d.Wait, err = waitOf(v, id)
	case "dlv":
		d.URL = v.at("deliveries", id)
		d.Delivery, err = deliveryOf(v, id)
	case "evt":
		d.URL = v.at("events", id)
		d.Event, err = eventOf(v, id)
	case "cb":
		d.URL, d.Kind = v.at("callbacks", id), orText(d.Kind, "Callback")
		err = d.tell(v, "callbacks", id)
	case "call":
		d.URL, d.Kind = v.at("calls", id), orText(d.Kind, "Call")
		err = d.tell(v, "calls", id)
	}
	d.Missing = err != nil && d.Line == nil
	return d
}

// tell reads a callback, or a call.
func (d *detail) tell(v *view, kind, id string) error {
	var raw json.RawMessage
	if err := v.get(v.of(kind, id), nil, &raw); err != nil {
		return err
	}
	whole := wholeOf(v, raw)
	d.Told = &whole
	return nil
}

// curl gives the command that does the same.
func curl(v *view, method, path string, body any) string {
	text := "curl -H \"Authorization: Bearer $HOOKGATE_TOKEN\""
	if method != http.MethodGet {
		text += " -X " + method
	}
	switch b := body.(type) {
	case nil:
	case string:
		text += " \\\n  -d " + quoted(b)
	}
	return text + " \\\n  " + quoted("$HOOKGATE_SERVER/v1"+path)
}

// quoted quotes a text for a shell, in which $HOOKGATE_SERVER stays a variable.
func quoted(text string) string {
	if rest, is := strings.CutPrefix(text, "$HOOKGATE_SERVER"); is {
		if strings.IndexFunc(rest, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/-_.~%", r))
		}) < 0 {
			return "$HOOKGATE_SERVER" + rest
		}
		return "$HOOKGATE_SERVER" + quoted(rest)
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
