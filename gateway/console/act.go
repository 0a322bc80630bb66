package console

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"sync"
)

// deed is something that a form does: it asks first, and says afterwards what happened.
type deed struct {
	verb string                      // on the button: Retry
	asks func(*view) (string, error) // the question: what it will do, to how many
	do   func(*view, url.Values) (said, error)
	form func(*view, url.Values, *problemOf) error // shows its fields again, with what is wrong; nil: it has none
	back func(*view) string                        // where to go after it, unless it was asked for elsewhere; nil: to what it was done to
	to   func(*view) string                        // where to go once it is done; nil: back
}

// act gives what a form sent to a deed's address does.
func act(d deed) func(*view) error {
	return func(v *view) error {
		form := formOf(v.ctx)
		if form.Get("sure") == "" && d.asks != nil {
			question, err := d.asks(v)
			if err != nil {
				return err
			}
			v.show("ask", d.verb, asking{d.verb, question, v.base + v.path, form, backFrom(v, &d)})
			return nil
		}
		return perform(v, &d, form)
	}
}

// asking is the page that asks, for those who have no dialog.
type asking struct {
	Verb, Question, URL string
	Form                url.Values
	Back                string
}

// perform does it, once for each form: a form that is sent twice is answered as the first
// time.
func perform(v *view, d *deed, form url.Values) error {
	key := v.session.ID + " " + form.Get("key")
	if isKey(form.Get("key")) && !v.c.done.begin(key) {
		v.say(said{Text: "This was done already: the form was sent twice."})
		v.redirect(backFrom(v, d))
		return nil
	}
	happened, err := d.do(v, form)
	var refused *problemOf
	switch {
	case err == nil && d.to != nil:
		v.say(happened)
		v.redirect(d.to(v))
		return nil
	case err == nil:
		v.say(happened)
		v.redirect(backFrom(v, d))
		return nil
	case !errors.As(err, &refused):
		return err
	}
	v.c.done.forget(key) // nothing was done
	if d.form != nil && (refused.Status == http.StatusUnprocessableEntity || refused.Status == http.StatusBadRequest) {
		v.status = refused.Status
		return d.form(v, form, refused)
	}
	if refused.Status == http.StatusConflict {
		v.say(said{Text: refused.Error(), Bad: true})
		v.redirect(backFrom(v, d))
		return nil
	}
	return err
}

// backFrom is where somebody goes after a deed: where it was asked for, else to the thing.
func backFrom(v *view, d *deed) string {
	if from, err := url.Parse(string(v.ctx.Request.Header.Referer())); err == nil && from.Host == v.front().Host && inside(v.base, from.EscapedPath()) && from.Path != v.base+v.path {
		return from.RequestURI()
	}
	if d.back != nil {
		return d.back(v)
	}
	parts := v.base + v.path
	for i := len(parts) - 1; i > 0; i-- {
		if parts[i] == '/' {
			return parts[:i]
		}
	}
	return v.base
}

// doneKeys remembers the forms that were sent, so that none is done twice. Old ones go
// when there are many: a form is sent twice within seconds.
type doneKeys struct {
	mu      sync.Mutex
	now, in map[string]struct{} // the newest, and those before them
}

const mostDone = 10_000

func (d *doneKeys) begin(key string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, is := d.now[key]; is {
		return false
	}
	if _, is := d.in[key]; is {
		return false
	}
	if d.now == nil || len(d.now) >= mostDone {
		d.in, d.now = d.now, map[string]struct{}{}
	}
	d.now[key] = struct{}{}
	return true
}

func (d *doneKeys) forget(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.now, key)
	delete(d.in, key)
}

// isKey tells whether a form's key is one of those that newKey makes: no others are
// remembered, for who sends them says how long they are.
func isKey(key string) bool {
	_, err := hex.DecodeString(key)
	return err == nil && len(key) == 2*keySize
}

// keySize is how many random bytes a form's key has.
const keySize = 9

func newKey() string {
	var random [keySize]byte
	_, _ = rand.Read(random[:]) // it never fails
	return hex.EncodeToString(random[:])
}
