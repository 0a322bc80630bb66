package node

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/console"
	"hookgate/gateway/resources"
)

// verbLink opens the session that a link leads to.
const verbLink = "link"

// loginsAll are the sessions of the console as any node finds them: a browser whose page comes
// from one node asks the next one a moment later.
type loginsAll struct {
	*resources.Logins
	others *others
}

// logins are what the console needs of its sessions.
func (n *Node) logins() console.Logins {
	if n.others == nil {
		return n.resources.Logins
	}
	return loginsAll{n.resources.Logins, n.others}
}

// Find is console.Logins'. Another node may have just opened it.
func (l loginsAll) Find(cookie string) (s resources.Session, is bool) {
	if s, is = l.Logins.Find(cookie); is || cookie == "" || l.others.CatchUp() != nil {
		return s, is
	}
	return l.Logins.Find(cookie)
}

// Look is console.Logins'. Another node may have just made it.
func (l loginsAll) Look(secret string) (to resources.Link, is bool) {
	if to, is = l.Logins.Look(secret); is || l.others.CatchUp() != nil {
		return to, is
	}
	return l.Logins.Look(secret)
}

// usedLink is who opens which link, and openedLink what came of it.
type usedLink struct {
	Secret string      `json:"secret"`
	Asking auth.Asking `json:"asking"`
}

type openedLink struct {
	Cookie string `json:"cookie,omitempty"`
	Spent  bool   `json:"spent,omitempty"`
}

// Use is console.Logins'. A link works once, so one node decides.
func (l loginsAll) Use(secret string, asking auth.Asking) (s resources.Session, err error) {
	answer, err := l.others.tell(l.others.Configures(), verbLink, messageOf(usedLink{secret, asking}), func() ([]byte, error) { return l.use(secret, asking) })
	var opened openedLink
	if err == nil {
		err = json.Unmarshal(answer, &opened)
	}
	switch {
	case err != nil:
		return s, unclear(err)
	case opened.Spent:
		return s, resources.ErrLinkSpent
	}
	s, is := l.Find(opened.Cookie)
	if !is {
		return s, gateway.Unavailable("the session is not known here yet", time.Second)
	}
	s.Cookie = opened.Cookie
	return s, nil
}

// use opens the session here, which knows what the node before it has opened.
func (l loginsAll) use(secret string, asking auth.Asking) ([]byte, error) {
	if err := l.others.CatchUp(); err != nil {
		return nil, err
	}
	s, err := l.Logins.Use(secret, asking)
	if err != nil && !errors.Is(err, resources.ErrLinkSpent) {
		return nil, err
	}
	return json.Marshal(openedLink{s.Cookie, err != nil})
}

func (l loginsAll) serve(_ context.Context, message []byte) ([]byte, error) {
	var q usedLink
	if err := json.Unmarshal(message, &q); err != nil {
		return nil, err
	}
	if !l.others.configures() {
		return nil, errNotHere
	}
	return l.use(q.Secret, q.Asking)
}
