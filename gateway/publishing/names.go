package publishing

import (
	"context"
	"errors"
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// name notes the further names that an event gives its conversation: the
// payload's external_key, and the tail of the variable conversation_url of a
// conversation_create (SPEC 6). Of any other event the variables are what a visitor
// may have typed, and name nobody (SPEC 16, "Promises").
func (d *draft) name(e *gateway.Event) {
	if e.ConversationKey == "" {
		return
	}
	var others []string
	add := func(key string, ok bool) {
		if ok && key != e.ConversationKey && !slices.Contains(others, key) {
			others = append(others, key)
		}
	}
	add(mapping.KeyOf(d.item.At(eventPaths.external)))
	if e.Type == createType {
		if list := d.item.At(eventPaths.variables); list.Kind == mapping.Array {
			add(conversationURL(list.Raw))
		}
	}
	if others != nil {
		d.named = append(d.named, gateway.Naming{Tenant: e.Tenant, Key: e.ConversationKey, Others: others})
	}
}

const createType = "conversation_create"

var variableSet, variableName, variableValue = func() (*mapping.Set, mapping.Slot, mapping.Slot) {
	b := mapping.NewBuilder()
	name, value := mustPath(b, "name"), mustPath(b, "value")
	return b.Set(), name, value
}()

// conversationURL finds the key that the variable of that name stands for: the tail
// of a URL, and of the same one wherever it is said. Where two say different things
// one of them is not the platform's, and nobody knows which.
func conversationURL(list []byte) (key string, ok bool) {
	var v mapping.Values
	defer v.Release()
	for item := range mapping.Items(list) {
		doc := mapping.Document{Body: mapping.JSON, Raw: item}
		variableSet.Read(&doc, &v)
		if name := v.At(variableName); name.Kind != mapping.String || string(name.Raw) != `"conversation_url"` {
			continue
		}
		value := v.At(variableValue)
		text, _ := value.Text(nil)
		if value.Kind != mapping.String || !gateway.IsWebURL(string(text)) {
			return "", false
		}
		tail, valid := mapping.KeyOf(value)
		if !valid || ok && tail != key {
			return "", false
		}
		key, ok = tail, true
	}
	return key, ok
}

// Learner learns which names one conversation has.
type Learner interface {
	// Learn gives what is to be stored with the events that told it, in one commit,
	// and what is to be called then (nil: nothing): with why it was not stored. What
	// is given is true for as long as that was not called. ctx bounds how long it
	// waits for others who change the same names.
	Learn(ctx context.Context, heard []gateway.Naming) (changes []*gateway.Change, done func(error), err error)
}

// errUnsaid stands for how a commit went that nobody came to tell of.
var errUnsaid = errors.New("a publish ended without a word of its commit")

// maxLearn is how long a publish waits for others who change the same names.
const maxLearn = 10 * time.Second

// learn adds what the events tell of their conversations' names: those that are
// their own, and, where any event shows another name, all of them together.
func (p *Publisher) learn(d *draft) (done func(error), err error) {
	p.own.note(d)
	if len(d.named) == 0 {
		return nil, nil
	}
	for i := range d.publication.Events { // which names are no alias
		if e := &d.publication.Events[i]; e.ConversationKey != "" {
			d.named = append(d.named, gateway.Naming{Tenant: e.Tenant, Key: e.ConversationKey})
		}
	}
	ctx, stop := context.WithTimeout(context.Background(), maxLearn)
	defer stop()
	d.publication.Changes, done, err = p.options.Learner.Learn(ctx, d.named)
	if errors.Is(err, context.DeadlineExceeded) {
		err = gateway.Unavailable("a conversation is busy whose names these events tell", time.Second)
	}
	return done, err
}
