package outbound

import (
	"slices"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// name notes the further names that an event gives its conversation: the
// payload's external_key, and the tail of its variable conversation_url (SPEC 6).
func (d *draft) name(e *gateway.Event) {
	if e.ConversationKey == "" {
		return
	}
	var names []string
	add := func(key string, ok bool) {
		if !ok || key == e.ConversationKey || slices.Contains(names, key) {
			return
		}
		if names == nil {
			names = append(names, e.ConversationKey)
		}
		names = append(names, key)
	}
	add(mapping.KeyOf(d.item.At(eventPaths.external)))
	if list := d.item.At(eventPaths.variables); list.Kind == mapping.Array {
		add(d.conversationURL(list.Raw))
	}
	if names != nil {
		d.named = append(d.named, namedConversation{e.Tenant, names})
	}
}

var variableSet, variableName, variableValue = func() (*mapping.Set, mapping.Slot, mapping.Slot) {
	b := mapping.NewBuilder()
	name, value := mustPath(b, "name"), mustPath(b, "value")
	return b.Set(), name, value
}()

// conversationURL finds the key that the variable of that name stands for.
func (d *draft) conversationURL(list []byte) (key string, ok bool) {
	var v mapping.Values
	defer v.Release()
	for item := range mapping.Items(list) {
		doc := mapping.Document{Body: mapping.JSON, Raw: item}
		variableSet.Read(&doc, &v)
		if name := v.At(variableName); name.Kind == mapping.String && string(name.Raw) == `"conversation_url"` {
			return mapping.KeyOf(v.At(variableValue))
		}
	}
	return "", false
}
