package jinja

import (
	"bytes"
	"encoding/json"
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// textual makes a filter without arguments of what changes a text.
func textual(change func(string) string) filter {
	return func(r *run, v Value, a *args) (Value, error) {
		if err := a.plain(); err != nil {
			return undefined, err
		}
		s, err := r.say(v)
		if err != nil {
			return undefined, err
		}
		return r.made(change(s))
	}
}

var (
	upper      = textual(toUpper)
	lower      = textual(toLower)
	capitalize = textual(toCapital)
	title      = textual(titled)
	stripTags  = textual(withoutTags)
)

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// toUpper changes single letters into several where Unicode says so: ß is SS.
func toUpper(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return cases.Upper(language.Und).String(s)
}

func toLower(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return cases.Lower(language.Und).String(s)
}

// head splits off the first character.
func head(s string) (first, rest string) {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n], s[n:]
}

func toCapital(s string) string {
	first, rest := head(s)
	return strings.ToTitle(first) + toLower(rest)
}

// titled has each word begin with a capital; words begin behind space and -({[<.
func titled(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		n := strings.IndexFunc(s, beginsWord)
		if n < 0 {
			n = len(s)
		}
		first, rest := head(s[:n])
		b.WriteString(toUpper(first))
		b.WriteString(toLower(rest))
		s = s[n:]
		n = strings.IndexFunc(s, func(c rune) bool { return !beginsWord(c) })
		if n < 0 {
			n = len(s)
		}
		b.WriteString(s[:n])
		s = s[n:]
	}
	return b.String()
}

func beginsWord(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune("-({[<", c) }

func trim(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("chars")
	if err != nil {
		return undefined, err
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	return r.strip(s, given[0], true, true)
}

// strip takes characters off the ends of a text; none stands for space.
func (r *run) strip(s string, chars Value, left, right bool) (Value, error) {
	is := unicode.IsSpace
	if chars.or(none).kind != None {
		set, err := chars.word("")
		if err != nil {
			return undefined, err
		}
		is = func(c rune) bool { return strings.ContainsRune(set, c) }
	}
	if left {
		s = strings.TrimLeftFunc(s, is)
	}
	if right {
		s = strings.TrimRightFunc(s, is)
	}
	return r.made(s)
}

func replace(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("old", "new", "count")
	if err != nil || given[0].kind == unset || given[1].kind == unset {
		return undefined, errArguments
	}
	n := -1
	if given[2].or(none).kind != None {
		if n, err = given[2].number(-1); err != nil {
			return undefined, err
		}
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	return r.replaced(s, given[0].print(), given[1].print(), n)
}

func (r *run) replaced(s, from, to string, n int) (Value, error) {
	times := strings.Count(s, from)
	if n >= 0 {
		times = min(times, n)
	}
	if len(to) > 0 && times > maxText/len(to) {
		return undefined, errMade
	}
	return r.made(strings.Replace(s, from, to, n))
}

// padded fills a text up to a width.
func (r *run) padded(s string, width int, with string, left, right int) (Value, error) {
	if width > maxText {
		return undefined, errMade
	}
	missing := width - runes(s)
	if missing <= 0 {
		return r.made(s)
	}
	before := missing * left / (left + right)
	if left == right { // as Python rounds it
		before = missing/2 + missing&width&1
	}
	return r.made(strings.Repeat(with, before) + s + strings.Repeat(with, missing-before))
}

func center(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("width")
	if err != nil {
		return undefined, err
	}
	width, err := given[0].number(80)
	if err != nil {
		return undefined, err
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	return r.padded(s, width, " ", 1, 1)
}

func truncate(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("length", "killwords", "end", "leeway")
	if err != nil {
		return undefined, err
	}
	length, err := given[0].number(255)
	if err != nil {
		return undefined, err
	}
	end, err := given[2].word("...")
	if err != nil {
		return undefined, err
	}
	leeway := 5
	if given[3].or(none).kind != None {
		if leeway, err = given[3].number(5); err != nil {
			return undefined, err
		}
	}
	if length < runes(end) || leeway < 0 {
		return undefined, errArguments
	}
	switch v.kind {
	case String:
	case Undefined:
		return v, nil
	default:
		return undefined, errOperand
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	all := []rune(s)
	if len(all) <= length+leeway {
		return r.made(s)
	}
	short := string(all[:length-runes(end)])
	if !given[1].or(boolean(false)).truth() {
		if at := strings.LastIndexByte(short, ' '); at >= 0 {
			short = short[:at]
		}
	}
	return r.made(short + end)
}

// lines splits a text as Python's splitlines() does.
func lines(s string, keep bool) (all []string) {
	for s != "" {
		end := strings.IndexFunc(s, func(c rune) bool {
			return strings.ContainsRune("\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029", c)
		})
		if end < 0 {
			return append(all, s)
		}
		_, n := utf8.DecodeRuneInString(s[end:])
		if strings.HasPrefix(s[end:], "\r\n") {
			n = 2
		}
		if keep {
			all = append(all, s[:end+n])
		} else {
			all = append(all, s[:end])
		}
		s = s[end+n:]
	}
	return all
}

func indent(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("width", "first", "blank")
	if err != nil {
		return undefined, err
	}
	with := ""
	if given[0].kind == String {
		with = given[0].text()
	} else {
		width, err := given[0].number(4)
		if err != nil || width > 1000 {
			return undefined, errArguments
		}
		with = strings.Repeat(" ", max(0, width))
	}
	if v.kind != String {
		return undefined, errOperand
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	all := lines(s+"\n", false)
	if len(with)*len(all) > maxText {
		return undefined, errMade
	}
	blank := given[2].or(boolean(false)).truth()
	for i, line := range all {
		if i == 0 && given[1].or(boolean(false)).truth() || i > 0 && (blank || line != "") {
			all[i] = with + line
		}
	}
	return r.made(strings.Join(all, "\n"))
}

func wordwrap(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("width", "break_long_words", "wrapstring", "break_on_hyphens")
	if err != nil {
		return undefined, err
	}
	width, err := given[0].number(79)
	if err != nil || width < 1 {
		return undefined, errArguments
	}
	with := "\n"
	if given[2].or(none).kind != None {
		if with, err = given[2].word("\n"); err != nil {
			return undefined, err
		}
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	if v.kind != String {
		return undefined, errOperand
	}
	w := wrapper{width: width, long: given[1].or(boolean(true)).truth(), hyphens: given[3].or(boolean(true)).truth()}
	var all []string
	size := 0
	for _, line := range lines(s, false) {
		wrapped := w.wrap(line)
		if len(wrapped) == 0 {
			wrapped = []string{""}
		}
		all = append(all, wrapped...)
		if size += len(line) + len(with)*len(wrapped); size > maxText {
			return undefined, errMade
		}
	}
	return r.made(strings.Join(all, with))
}

// wrapper is Python's textwrap.
type wrapper struct {
	width         int
	long, hyphens bool // words that are too long are cut; words may be cut behind a hyphen
}

// chunks are words, and the space between them.
func (w *wrapper) chunks(s string) (all []string) {
	for s != "" {
		space := unicode.IsSpace(rune(s[0]))
		end := strings.IndexFunc(s, func(c rune) bool { return unicode.IsSpace(c) != space })
		if end < 0 {
			end = len(s)
		}
		chunk := s[:end]
		if s = s[end:]; space || !w.hyphens {
			all = append(all, chunk)
			continue
		}
		for {
			at := hyphen(chunk)
			if at < 0 {
				break
			}
			all, chunk = append(all, chunk[:at]), chunk[at:]
		}
		all = append(all, chunk)
	}
	return all
}

// hyphen gives the place behind the first hyphen at which a word may be cut: there are
// letters on both sides of it.
func hyphen(s string) int {
	for i := 1; i < len(s)-1; i++ {
		if s[i] != '-' {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+1:])
		if unicode.IsLetter(before) && unicode.IsLetter(after) && runes(s[:i]) >= 2 {
			return i + 1
		}
	}
	return -1
}

func (w *wrapper) wrap(s string) (all []string) {
	chunks := w.chunks(s)
	for len(chunks) > 0 {
		if strings.TrimSpace(chunks[0]) == "" && len(all) > 0 {
			chunks = chunks[1:]
			continue
		}
		var line []string
		size := 0
		for len(chunks) > 0 && size+runes(chunks[0]) <= w.width {
			size += runes(chunks[0])
			line, chunks = append(line, chunks[0]), chunks[1:]
		}
		if len(chunks) > 0 && runes(chunks[0]) > w.width {
			line, chunks = w.cut(line, chunks, size)
		}
		if n := len(line); n > 0 && strings.TrimSpace(line[n-1]) == "" {
			line = line[:n-1]
		}
		if len(line) > 0 {
			all = append(all, strings.Join(line, ""))
		}
	}
	return all
}

// cut deals with a word that is longer than a line.
func (w *wrapper) cut(line, chunks []string, size int) ([]string, []string) {
	if !w.long {
		if len(line) == 0 {
			return append(line, chunks[0]), chunks[1:]
		}
		return line, chunks
	}
	room := w.width - size
	word := []rune(chunks[0])
	end := room
	if w.hyphens && len(word) > room {
		if at := strings.LastIndexByte(string(word[:room]), '-'); at > 0 && strings.Trim(string(word[:room])[:at], "-") != "" {
			end = runes(string(word[:room])[:at]) + 1
		}
	}
	line = append(line, string(word[:end]))
	chunks[0] = string(word[end:])
	return line, chunks
}

func wordCount(r *run, v Value, a *args) (Value, error) {
	if err := a.plain(); err != nil {
		return undefined, err
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	n := len(strings.FieldsFunc(s, func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsNumber(c) }))
	return integer(n), nil
}

func format(r *run, v Value, a *args) (Value, error) {
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	with := tuple(a.list...)
	if len(a.names) > 0 {
		if len(a.list) > 0 {
			return undefined, errArguments
		}
		d := newDict(len(a.names))
		for i, name := range a.names {
			if err := d.set(text(name), a.named[i]); err != nil {
				return undefined, err
			}
		}
		with = mapping(d)
	}
	return r.percent(text(s), with)
}

func escape(r *run, v Value, a *args) (Value, error) {
	if err := a.plain(); err != nil || v.kind == String && v.flag {
		return v, err
	}
	return forceEscape(r, v, a)
}

func forceEscape(r *run, v Value, a *args) (Value, error) {
	if err := a.plain(); err != nil {
		return undefined, err
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	made, err := r.made(htmlEscapes.Replace(s))
	made.flag = err == nil
	return made, err
}

var (
	htmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	htmlTag     = regexp.MustCompile(`(?s)<.*?>`)
)

// withoutTags is Markup.striptags: no comments, no tags, space folded, entities decoded.
func withoutTags(s string) string {
	s = htmlTag.ReplaceAllLiteralString(htmlComment.ReplaceAllLiteralString(s, ""), "")
	return html.UnescapeString(strings.Join(strings.Fields(s), " "))
}

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
func urlEncode(r *run, v Value, a *args) (Value, error) {
	if err := a.plain(); err != nil {
		return undefined, err
	}
	if v.kind != Dict && v.kind != List {
		s, err := r.say(v)
		if err != nil {
			return undefined, err
		}
		return r.made(quoted(s, "/", false))
	}
	pairs, err := r.items2(v)
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
	return r.made(strings.Join(parts, "&"))
}

// items2 gives the members of an object, or the pairs of a list.
func (r *run) items2(v Value) (pairs [][2]Value, err error) {
	all := []Value(nil)
	if v.kind == Dict {
		all, err = r.pairs(v)
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
		pairs = append(pairs, [2]Value{two[0], two[1]})
	}
	return pairs, nil
}

func xmlAttributes(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("autospace")
	if err != nil {
		return undefined, err
	}
	if v.kind != Dict {
		return undefined, errOperand
	}
	d, err := r.members(v)
	if err != nil {
		return undefined, err
	}
	var parts []string
	for i, key := range d.keys {
		value := d.values[i]
		if value.kind == None || value.kind == Undefined {
			continue
		}
		if strings.ContainsAny(key.print(), " \t\n\r\v\f/>=") {
			return undefined, errArguments
		}
		if err := r.printable(value, 0); err != nil {
			return undefined, err
		}
		parts = append(parts, escaped(key).source+`="`+escaped(value).text()+`"`)
	}
	out := strings.Join(parts, " ")
	if out != "" && given[0].or(boolean(true)).truth() {
		out = " " + out
	}
	return r.made(out)
}

// indented is JSON over several lines.
func indented(raw []byte, width int) []byte {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", strings.Repeat(" ", width)) != nil {
		return raw // a number that JSON does not know
	}
	return b.Bytes()
}

var (
	linkPattern = regexp.MustCompile(`(?i)^(?:(?:https?://|www\.)(?:(?:[\w%-]+\.)+)?(?:[a-z]{2,63}|xn--[\w%]{2,59})|` +
		`(?:[\w%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)|` +
		`https?://(?:(?:\d{1,3}(?:\.\d{1,3}){3})|(?:\[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\])))(?::\d{1,5})?(?:[/?#]\S*)?$`)
	mailPattern = regexp.MustCompile(`^\S+@\w[\w.-]*\.\w+$`)
	spaces      = regexp.MustCompile(`\s+`)
	linkHead    = regexp.MustCompile(`^(?:[(<]|&lt;)+`)
	linkTail    = regexp.MustCompile(`(?:[)>.,\n]|&gt;)+$`)
)

// urlize makes links of the URLs and mail addresses in a text.
func urlize(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("trim_url_limit", "nofollow", "target", "rel", "extra_schemes")
	if err != nil || given[4].or(none).kind != None {
		return undefined, errArguments
	}
	limit := -1
	if given[0].or(none).kind != None {
		if limit, err = given[0].number(0); err != nil {
			return undefined, err
		}
	}
	rel := map[string]bool{"noopener": true, "nofollow": given[1].or(boolean(false)).truth()}
	for _, word := range strings.Fields(given[3].or(empty).print()) {
		rel[word] = true
	}
	attributes := ` rel="` + htmlEscapes.Replace(strings.Join(trueOf(rel), " ")) + `"`
	if target := given[2].or(none); target.kind != None {
		attributes += ` target="` + htmlEscapes.Replace(target.print()) + `"`
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	if err := r.work(16 * len(s)); err != nil {
		return undefined, err
	}
	s = htmlEscapes.Replace(s)
	var b strings.Builder
	for s != "" {
		end := len(s)
		next := spaces.FindStringIndex(s)
		if next != nil {
			end = next[0]
		}
		b.WriteString(linked(s[:end], limit, attributes))
		if next != nil {
			b.WriteString(s[next[0]:next[1]])
			end = next[1]
		}
		s = s[end:]
		if b.Len() > maxText {
			return undefined, errMade
		}
	}
	return r.made(b.String())
}

// linked makes a link of one word, if it is one.
func linked(word string, limit int, attributes string) string {
	before := linkHead.FindString(word)
	middle := word[len(before):]
	after := linkTail.FindString(middle)
	middle = middle[:len(middle)-len(after)]
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
	case linkPattern.MatchString(middle):
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
