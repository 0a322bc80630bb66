package mapping

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"hookgate/gateway"
)

// mostWhy is how many outcomes are told of, and mostShown how much of a value, in bytes.
const (
	mostWhy   = 5
	mostShown = 80
)

// Why says why a callback fits none of the outcomes, for people: of each the first
// condition that does not hold. match is what the rules were compiled from.
func (r *Rules) Why(match []gateway.Match, v *Values) string {
	defer v.work.Rest()
	var out strings.Builder
	out.WriteString("no match: ")
	for i := range r.entries {
		if i >= len(match) {
			break
		}
		if i == mostWhy {
			out.WriteString("; and " + strconv.Itoa(len(r.entries)-i) + " more")
			break
		}
		if i > 0 {
			out.WriteString("; ")
		}
		out.WriteString(match[i].Name + " wants " + r.entries[i].why(match[i].When, v))
	}
	return out.String()
}

func (e *entry) why(when []gateway.Condition, v *Values) string {
	for i := range e.when {
		if i >= len(when) || e.when[i].holds(v) {
			continue
		}
		return wanted(&when[i]) + e.when[i].has(&when[i], v)
	}
	return "what takes too much work to look at"
}

// wanted is a condition in words.
func wanted(c *gateway.Condition) string {
	switch {
	case c.Not != nil:
		return "not (" + wanted(c.Not) + ")"
	case len(c.Any) > 0:
		words := make([]string, min(len(c.Any), mostWhy))
		for i := range words {
			words[i] = wanted(&c.Any[i])
		}
		return "one of (" + strings.Join(words, ", ") + ")"
	case c.Equals != nil:
		return c.Path + " = " + shortly(plainly(*c.Equals))
	case c.In != nil:
		words := make([]string, min(len(*c.In), mostWhy))
		for i := range words {
			words[i] = shortly(plainly((*c.In)[i]))
		}
		return c.Path + " in " + strings.Join(words, ", ")
	case c.Regex != nil:
		return c.Path + " to match " + shortly(*c.Regex)
	case c.Exists != nil && !*c.Exists:
		return "no " + c.Path
	}
	return c.Path
}

// has says what the callback has where a condition looks. What stands in a header field
// or the query may be a credential: it is not shown.
func (c *condition) has(from *gateway.Condition, v *Values) string {
	if from.Not != nil || len(from.Any) > 0 {
		return ", which does not hold"
	}
	value := v.At(c.slot)
	outside := strings.HasPrefix(from.Path, "header:") || strings.HasPrefix(from.Path, "query:")
	switch {
	case value.Kind == Missing && outside:
		return ", there is none"
	case value.Kind == Missing:
		return ", the body has no " + from.Path
	case outside:
		return ", there is another"
	}
	return ", the body has " + from.Path + " = " + shortly(plainly(value.AppendJSON(nil)))
}

// plainly shows a JSON string that is a word without its quotes.
func plainly(raw []byte) string {
	text := strings.TrimSpace(string(raw))
	if word, err := strconv.Unquote(text); err == nil && word != "" && !strings.ContainsFunc(word, odd) {
		return word
	}
	return text
}

func shortly(text string) string {
	if len(text) <= mostShown {
		return text
	}
	cut := mostShown
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// odd says whether a character would be mistaken outside of quotes.
func odd(c rune) bool { return c <= ' ' || c == '"' || c == ',' || c == ';' || c >= 0x7f }
