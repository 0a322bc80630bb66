package requests

import "encoding/json"

// travelling is a Kept as it goes from one node to another, whole: who shows it masks it.
type travelling struct {
	Kept
	Masks   Masks
	Guesses bool
}

// Pack gives requests as they travel between the nodes of a cluster, which trust each other:
// nothing is masked.
func Pack(all []Kept) []byte {
	list := make([]travelling, len(all))
	for i := range all {
		list[i] = travelling{all[i], all[i].masks, all[i].guesses}
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic("requests: a request does not encode: " + err.Error()) // texts, moments and numbers always do
	}
	return text
}

// Unpack reads what Pack wrote.
func Unpack(text []byte) ([]Kept, error) {
	var list []travelling
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	all := make([]Kept, len(list))
	for i := range list {
		all[i] = list[i].Kept
		all[i].masks, all[i].guesses = list[i].Masks, list[i].Guesses
	}
	return all, nil
}
