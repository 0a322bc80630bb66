package gateway

// Known is a mark on the deliveries of a tenant that fail alike: somebody knows of it, until
// a moment (SPEC-console C5). It changes nothing of what is sent.
type Known struct {
	ID       string `json:"id"` // "known_…", of what they have in common
	Endpoint string `json:"endpoint"`
	Error    string `json:"error"`  // the word of the last attempt; "": none
	Status   int    `json:"status"` // of its answer; 0: none
	Note     string `json:"note"`
	By       string `json:"by"` // the name of the token that marked it, else its id or scope
	At       Time   `json:"at"`
	Until    Time   `json:"until"`
}

// PrefixKnown is that of the ids of Known.
const PrefixKnown = "known_"
