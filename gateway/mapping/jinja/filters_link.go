package jinja

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// quoted is Python's quote(): all but letters, digits and what is safe.
func quoted(s, safe string, plus bool) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ' && plus:
			b.WriteByte('+')
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', strings.IndexByte("_.-~", c) >= 0, strings.IndexByte(safe, c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte("0123456789ABCDEF"[c>>4])
			b.WriteByte("0123456789ABCDEF"[c&15])
		}
	}
	return b.String()
}

// urlEncode encodes a text, or the members of an object (or pairs) as a query.
func urlEncode(r *run, v Value, given []Value) (Value, error) {
	if v.kind != Dict && v.kind != List {
		s, err := r.say(v)
		if err != nil {
			return undefined, err
		}
		made, err := r.made(quoted(s, "/", false))
		made.flag = r.escape == EscapeURL
		return made, err
	}
	pairs, err := twos(r, v)
	if err != nil {
		return undefined, err
	}
	var parts []string
	for _, pair := range pairs {
		key, err := r.say(pair[0])
		if err != nil {
			return undefined, err
		}
		value, err := r.say(pair[1])
		if err != nil {
			return undefined, err
		}
		parts = append(parts, quoted(key, "", true)+"="+quoted(value, "", true))
	}
	made, err := r.made(strings.Join(parts, "&"))
	made.flag = r.escape == EscapeURL
	return made, err
}

// twos gives the members of an object, or the pairs of a list.
func twos(r *run, v Value) (both [][2]Value, err error) {
	all := []Value(nil)
	if v.kind == Dict {
		all, err = pairs(r, v)
	} else {
		all, err = r.items(v)
	}
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		two, err := r.each(one)
		if err != nil {
			return nil, err
		}
		if len(two) != 2 {
			return nil, errUnpack
		}
		both = append(both, [2]Value{two[0], two[1]})
	}
	return both, nil
}

var (
	// linkPattern is compiled when the first text is searched for links: it is large.
	linkPattern = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^(?:(?:https?://|www\.)(?:(?:[\w%-]+\.)+)?(?:[a-z]{2,63}|xn--[\w%]{2,59})|` +
			`(?:[\w%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)|` +
			`https?://(?:(?:\d{1,3}(?:\.\d{1,3}){3})|(?:\[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\])))(?::\d{1,5})?$`)
	})
	mailPattern = regexp.MustCompile(`^\S+@\w[\w.-]*\.\w+$`)
)

// urlize makes links of the URLs and mail addresses in a text.
func urlize(r *run, s string, given []Value) (Value, error) {
	limit := -1
	var err error
	if !given[0].isNone() {
		if limit, err = given[0].number(0); err != nil {
			return undefined, err
		}
	}
	if !given[4].isNone() {
		return undefined, errArguments
	}
	if err := r.work(16 * len(s)); err != nil {
		return undefined, err
	}
	attributes := linkAttributes(given[1].isTrue(), given[2].or(none), given[3].or(empty))
	s = htmlEscapes.Replace(s)
	var b strings.Builder
	for s != "" {
		end := strings.IndexFunc(s, unicode.IsSpace)
		if end < 0 {
			end = len(s)
		}
		rest := strings.TrimLeftFunc(s[end:], unicode.IsSpace)
		b.WriteString(linked(s[:end], limit, attributes))
		b.WriteString(s[end : len(s)-len(rest)])
		if s = rest; b.Len() > maxText {
			return undefined, errMade
		}
	}
	return r.made(b.String())
}

// linkAttributes are those of every link.
func linkAttributes(nofollow bool, target, words Value) string {
	rel := map[string]bool{"noopener": true, "nofollow": nofollow}
	for word := range strings.FieldsSeq(words.print()) {
		rel[word] = true
	}
	attributes := ` rel="` + htmlEscapes.Replace(strings.Join(trueOf(rel), " ")) + `"`
	if target.kind != None {
		attributes += ` target="` + htmlEscapes.Replace(target.print()) + `"`
	}
	return attributes
}

var (
	linkHeads = []string{"(", "<", "&lt;"}
	linkTails = []string{")", ">", ".", ",", "\n", "&gt;"}
)

// cutAll cuts parts off a word, as long as there are any.
func cutAll(word string, parts []string, cut func(s, part string) (string, bool)) string {
	for i := 0; i < len(parts); i++ {
		if rest, is := cut(word, parts[i]); is {
			word, i = rest, -1
		}
	}
	return word
}

// isLink says whether a word is a URL, or begins like one; what follows its host may be
// anything.
func isLink(word string) bool {
	from := strings.Index(word, "://") + len("://")
	if from < len("://") {
		from = 0
	}
	if at := strings.IndexAny(word[from:], "/?#"); at >= 0 {
		word = word[:from+at]
	}
	return isPlainHost(word) || linkPattern().MatchString(word)
}

// isPlainHost knows most links without the pattern: https://a.example.
func isPlainHost(word string) bool {
	host, is := strings.CutPrefix(word, "https://")
	if !is {
		if host, is = strings.CutPrefix(word, "http://"); !is {
			return false
		}
	}
	letters := 0 // at the end
	for i := range len(host) {
		switch c := host[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letters++
		case c == '.' && i > 0 && host[i-1] != '.', c >= '0' && c <= '9', c == '-':
			letters = 0
		default:
			return false
		}
	}
	top := strings.LastIndexByte(host, '.') + 1
	return letters == len(host)-top && letters >= 2 && letters <= 63
}

// linked makes a link of one word, if it is one.
func linked(word string, limit int, attributes string) string {
	if !strings.ContainsAny(word, ".:@") {
		return word
	}
	middle := cutAll(word, linkHeads, strings.CutPrefix)
	before := word[:len(word)-len(middle)]
	after := middle
	middle = cutAll(middle, linkTails, strings.CutSuffix)
	after = after[len(middle):]
	for _, pair := range [][2]string{{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}} {
		opens := strings.Count(middle, pair[0])
		if opens <= strings.Count(middle, pair[1]) {
			continue
		}
		for range min(opens, strings.Count(after, pair[1])) {
			end := strings.Index(after, pair[1]) + len(pair[1])
			middle, after = middle+after[:end], after[end:]
		}
	}
	shown := middle
	if limit >= 0 && runes(shown) > limit {
		shown = string([]rune(shown)[:limit]) + "..."
	}
	switch {
	case isLink(middle):
		href := middle
		if !strings.HasPrefix(middle, "https://") && !strings.HasPrefix(middle, "http://") {
			href = "https://" + middle
		}
		middle = `<a href="` + href + `"` + attributes + `>` + shown + `</a>`
	case strings.HasPrefix(middle, "mailto:") && mailPattern.MatchString(middle[len("mailto:"):]):
		middle = `<a href="` + middle + `">` + middle[len("mailto:"):] + `</a>`
	case strings.Contains(middle, "@") && !strings.HasPrefix(middle, "www.") && !strings.HasPrefix(middle, "@") &&
		!strings.Contains(middle, ":") && mailPattern.MatchString(middle):
		middle = `<a href="mailto:` + middle + `">` + middle + `</a>`
	}
	return before + middle + after
}

// trueOf gives the words that are true, in order.
func trueOf(words map[string]bool) (all []string) {
	for _, word := range slices.Sorted(maps.Keys(words)) {
		if words[word] {
			all = append(all, word)
		}
	}
	return all
}
