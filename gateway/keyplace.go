package gateway

import (
	"bytes"
	"encoding/json"
)

// KeyPlace is where a callback carries its conversation key: one place, or a list of
// them, tried in order (SPEC 15). The default is the body field conversation_key.
type KeyPlace struct {
	In   string `json:"in"` // body, query, header, path
	Path string `json:"path"`
	// List is the places where a list was written, without lists of their own; then In
	// and Path are "".
	List []KeyPlace `json:"-" fields:"list"`
}

// All gives the places in the order in which they are tried.
func (k KeyPlace) All() []KeyPlace {
	if k.List != nil {
		return k.List
	}
	return []KeyPlace{k}
}

// onePlace is a KeyPlace without a list.
type onePlace struct {
	In   string `json:"in"`
	Path string `json:"path"`
}

// MarshalJSON writes what was written: an object, or a list.
func (k KeyPlace) MarshalJSON() ([]byte, error) {
	if k.List != nil {
		return json.Marshal(k.List)
	}
	return json.Marshal(onePlace{k.In, k.Path})
}

// UnmarshalJSON reads either form.
func (k *KeyPlace) UnmarshalJSON(b []byte) error {
	*k = KeyPlace{}
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")) {
		return json.Unmarshal(b, &k.List)
	}
	var one onePlace
	err := json.Unmarshal(b, &one)
	k.In, k.Path = one.In, one.Path
	return err
}
