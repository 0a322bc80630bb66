package api

import (
	"slices"
	"time"

	"hookgate/gateway"
)

// Settings is what the API needs of the configuration that is in force.
type Settings interface {
	// Effective gives every setting with where it comes from, secrets masked.
	Effective() []Setting
	// Place gives where a thing stands in the file, FILE:LINE; "": it does not.
	Place(path string) string
	LastReload() Reloaded
}

// Setting is one key of the configuration.
type Setting struct {
	Key   string      `json:"key"`
	Value gateway.Raw `json:"value"` // of what has names or is a list: how many there are
	From  string      `json:"from"`  // a flag, a variable, FILE:LINE, or default
	// NeedsRestart: a reload leaves it as it is. Waits: the file says something else, which
	// the next start takes.
	NeedsRestart bool `json:"needs_restart"`
	Waits        bool `json:"waits"`
}

// Reloaded is how the configuration was loaded last.
type Reloaded struct {
	At       time.Time
	Refused  bool      // it was faulty, and what was loaded before stays
	Mistakes []Mistake // why
	LeftOut  int       // mistakes that are not among them
	Changed  []Changed // what it changed
	MoreLeft int       // changes that are not among Changed
	Waiting  []string  // keys that wait for a restart
}

// Mistake is one thing wrong in the file. Line and Column are 0 of what stands elsewhere.
type Mistake struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Excerpt string `json:"excerpt"` // the line, secrets masked, and a caret below the place
}

// Changed is one key that was changed, or a thing that came, went, or is otherwise.
type Changed struct {
	Key    string      `json:"key"`
	Change string      `json:"change"` // created, updated, deleted
	Before gateway.Raw `json:"before"` // null of a thing
	After  gateway.Raw `json:"after"`
}

// settings answers about the configuration.
type settings struct{ of Settings }

// effective answers with every setting; or with one, or where a thing of the file stands.
func (h *settings) effective(c *call) (answer, error) {
	q := c.query()
	key := q.one("key", func(key string) bool { return key != "" && len(key) <= 300 }, "must be a key, as log.level, or the path of a thing, as tenants.acme.endpoints.crm")
	if err := q.err(); err != nil {
		return answer{}, err
	}
	all := h.of.Effective()
	if key != "" {
		all = slices.DeleteFunc(all, func(s Setting) bool { return s.Key != key })
		if from := h.of.Place(key); len(all) == 0 && from != "" {
			all = []Setting{{Key: key, From: from}}
		}
	}
	return show(200, struct {
		Data []Setting `json:"data"`
	}{all})
}

func (h *settings) lastReload(*call) (answer, error) {
	r := h.of.LastReload()
	result := "ok"
	if r.Refused {
		result = "refused"
	}
	return show(200, struct {
		At       gateway.Time `json:"at"`
		Result   string       `json:"result"`
		Mistakes []Mistake    `json:"mistakes"`
		LeftOut  int          `json:"mistakes_left_out"`
		Changed  []Changed    `json:"difference"`
		MoreLeft int          `json:"difference_left_out"`
		Waiting  []string     `json:"needs_restart"`
	}{gateway.At(r.At), result, append([]Mistake{}, r.Mistakes...), r.LeftOut, append([]Changed{}, r.Changed...), r.MoreLeft, append([]string{}, r.Waiting...)})
}
