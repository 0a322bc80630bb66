package signature

import "slices"

// Identity says what a repeat of a provider's message is known by: what the provider
// sends again has all of it again, and whatever else it may send under the same id
// differs in some of it (SPEC 14, "Routes").
type Identity struct {
	// Each is a path to a list of messages; each is known by itself, since providers
	// put together anew what they send again. "": the request is one message.
	Each string
	// In tells of the lists within an item of the list, where it has such: an item with
	// none of them has no id.
	In []Identity
	// ID lists the places of the ids, from the message: one of them at least must be
	// there, or the message has no id, and is never known again.
	ID []string
	// With lists the places of what tells apart what may follow under one id.
	With []string
}

// Identities lists what the scheme's senders are known again by; none where they
// have no id. A request is a repeat when each of the messages found is one.
func (v *Verifier) Identities() []Identity {
	if v.identities == nil && v.deliveryID != "" {
		return []Identity{{ID: []string{v.deliveryID}}}
	}
	return slices.Clone(v.identities)
}

// DeliveryID says where the scheme's senders put the id by which a repeat is
// known: "header:webhook-id", a path into the body such as "event_id", or "" when
// they have none. Where one place does not say it all (see Identities), it is the
// first.
func (v *Verifier) DeliveryID() string {
	if v.identities == nil {
		return v.deliveryID
	}
	return v.identities[0].Places()[0]
}

// Places lists all that a message is known by, as it is told to people: a place in a
// list with the list's path, as "events[*].webhookEventId".
func (i Identity) Places() (all []string) {
	for _, in := range i.In {
		all = append(all, in.Places()...)
	}
	all = append(append(all, i.ID...), i.With...)
	if i.Each == "" {
		return all
	}
	for n, place := range all {
		all[n] = i.Each + "[*]." + place
	}
	return all
}
