package console

import (
	"slices"
	"time"

	"hookgate/gateway/fields"
)

// spans are how far back figures go, as the API's overview knows them.
var spans = []string{"1h", "24h", "30d"}

var spanTimes = map[string]time.Duration{"1h": time.Hour, "24h": 24 * time.Hour, "30d": 30 * 24 * time.Hour}

// spanChosen is how far back a page looks, among what there is to choose.
type spanChosen struct {
	Word  string
	Over  time.Duration
	All   []chip // the one that is chosen has no address
	Wrong string // about a word that is none of them
}

// spanOf reads the span of a page's address.
func spanOf(v *view) spanChosen {
	s := spanChosen{Word: v.query.Get("span")}
	if s.Word != "" && !slices.Contains(spans, s.Word) {
		s.Wrong = "span is " + s.Word + ": there are 1h, 24h and 30d" + fields.Meant(s.Word, spans)
	}
	if s.Over = spanTimes[s.Word]; s.Over == 0 {
		s.Word, s.Over = spans[0], spanTimes[spans[0]]
	}
	for _, word := range spans {
		c := chip{Label: "Figures of the last", Value: word}
		if word != s.Word || s.Wrong != "" {
			c.URL = v.with("span", word, "cursor", "")
		}
		s.All = append(s.All, c)
	}
	return s
}
