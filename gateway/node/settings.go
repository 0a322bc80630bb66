package node

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/api"
)

// settings shows the configuration that is in force, to who asks over the API.
type settings struct{ *Node }

// Effective gives every key with where it comes from.
func (s settings) Effective() []api.Setting {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	restart := map[string]bool{}
	for _, k := range configs.Keys() {
		restart[k.Name] = k.Restart
	}
	if s.taken.origins == nil { // it reads the file's text once more, which takes half a second of 1,000 tenants
		s.taken.origins = s.taken.config.Origins()
	}
	origins := s.taken.origins
	all := make([]api.Setting, len(origins))
	for i, o := range origins {
		all[i] = api.Setting{
			Key: o.Key, Value: shownSetting(o.Value), From: o.From, NeedsRestart: restart[o.Key], Waits: slices.Contains(s.taken.waiting, o.Key),
		}
	}
	return all
}

// Place gives where a thing stands in the configuration file.
func (s settings) Place(path string) string {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	return s.taken.config.Place(path)
}

// LastReload gives how the file was loaded last; the start is the first time.
func (s settings) LastReload() api.Reloaded {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	return s.last
}

// Bounds of what is told of one reload.
const (
	mostMistakes = 100
	mostChanged  = 1000
)

// refusedBy tells of a reload that was refused.
func (n *Node) refusedBy(err error) api.Reloaded {
	told := api.Reloaded{At: n.clock.Now(), Refused: true}
	var mistakes configs.Mistakes
	if !errors.As(err, &mistakes) {
		told.Mistakes = []api.Mistake{{Message: err.Error()}}
		return told
	}
	told.LeftOut = max(0, len(mistakes)-mostMistakes)
	for _, m := range mistakes[:len(mistakes)-told.LeftOut].Apart() {
		told.Mistakes = append(told.Mistakes, api.Mistake{Line: m.Line, Column: m.Column, Message: m.Message, Excerpt: m.Excerpt})
	}
	return told
}

// changedFrom tells what the configuration that is in force says that another said
// otherwise; nil: there was none.
func (n *Node) changedFrom(before *configs.Config) api.Reloaded {
	told := api.Reloaded{At: n.clock.Now(), Waiting: n.taken.waiting}
	if before == nil || before == n.taken.config {
		return told
	}
	all, left := n.taken.config.Difference(before, mostChanged)
	told.MoreLeft = left
	for _, d := range all {
		told.Changed = append(told.Changed, api.Changed{Key: d.Key, Change: d.Change, Before: shownSetting(d.Before), After: shownSetting(d.After)})
	}
	return told
}

// shownSetting gives the JSON of a value; null of one that has none.
func shownSetting(value string) gateway.Raw {
	if !json.Valid([]byte(value)) {
		return nil
	}
	return gateway.Raw(value)
}

// info says what gateway this is.
func (n *Node) info() api.Info {
	public, internal := n.server.Addrs()
	i := api.Info{
		Version: n.Version, Started: n.started, Public: public.String(), Internal: internal.String(), PublicURL: n.config.Public.URL,
		Driver: n.config.Store.Driver, StoreBytes: n.store.stands().bytes, Held: n.heldWord(), AuditKept: time.Duration(n.config.Audit.Retention),
	}
	if _, why := n.store.missing(); why != nil {
		i.StoreFault = why.Message
	}
	return i
}
