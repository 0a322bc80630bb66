package calling

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// rule holds a value to what it must be. A value is looked at a fixed number of
// times on each level, and the rules are few levels deep: so the work is bounded by
// the length of the answer.
type rule func(c *checker, v gjson.Result)

// member is one member of an object.
type member struct {
	name   string
	rule   rule
	absent string // required, optional, or the JSON that is filled in
}

const (
	required = "is required"
	optional = "is optional"
)

// maxMembers is the most that one list of members has.
const maxMembers = 4

// variant is an object that is known by its member type.
type variant struct {
	name    string
	members []member
	// otherwise is the variant as which one without any member of its own passes, if
	// it has all of that one's.
	otherwise string
}

// text is a string of so many characters.
func text(least, most int) rule { return shaped(least, most, nil, sizeOf(least, most, "character")) }

// shaped is a string of so many characters that looks as the pattern says, where
// there is one.
func shaped(least, most int, pattern func() *regexp.Regexp, message string) rule {
	return func(c *checker, v gjson.Result) {
		if v.Type != gjson.String {
			c.fault("must be a string")
			return
		}
		if n := utf8.RuneCountInString(v.Str); n < least || n > most || pattern != nil && !pattern().MatchString(v.Str) {
			c.fault(message)
		}
	}
}

// word is one of some strings.
func word(words ...string) rule {
	message := "must be one of " + strings.Join(words, ", ")
	return func(c *checker, v gjson.Result) {
		if v.Type != gjson.String || !slices.Contains(words, v.Str) {
			c.fault(message)
		}
	}
}

func number(least, most float64) rule {
	message := "must be a number from " + strconv.FormatFloat(least, 'f', -1, 64) + " to " + strconv.FormatFloat(most, 'f', -1, 64)
	return func(c *checker, v gjson.Result) {
		if v.Type != gjson.Number || v.Num < least || v.Num > most {
			c.fault(message)
		}
	}
}

// object is any object.
func object(c *checker, v gjson.Result) {
	if !v.IsObject() {
		c.fault("must be an object")
	}
}

// unlimited is a most that there is not.
const unlimited = -1

// list is an array of so many elements, each of which keeps a rule.
func list(least, most int, each rule) rule {
	message := sizeOf(least, most, "element")
	return func(c *checker, v gjson.Result) {
		if !v.IsArray() {
			c.fault("must be an array")
			return
		}
		n := 0
		v.ForEach(func(_, _ gjson.Result) bool { n++; return true })
		if n < least || most != unlimited && n > most {
			c.fault(message)
		}
		outer, i := len(c.place), 0
		v.ForEach(func(_, element gjson.Result) bool {
			c.place = append(strconv.AppendInt(append(c.place, '['), int64(i), 10), ']')
			each(c, element)
			c.place = c.place[:outer]
			i++
			return !c.full()
		})
	}
}

// oneShape is an object with these members.
func oneShape(members []member) rule {
	return func(c *checker, v gjson.Result) {
		if object(c, v); v.IsObject() {
			c.members(v, members)
		}
	}
}

// oneOf is an object with the members that all variants have, and with those of the
// one that its type names.
func oneOf(all []member, variants ...variant) rule {
	kinds := make([]string, len(variants))
	for i := range variants {
		kinds[i] = variants[i].name
	}
	known := word(kinds...)
	typed := []member{{"type", known, required}}
	return func(c *checker, v gjson.Result) {
		if object(c, v); !v.IsObject() {
			return
		}
		c.members(v, typed)
		c.members(v, all)
		var kind [maxMembers]gjson.Result
		pick(v, typed, &kind)
		i := slices.Index(kinds, kind[0].Str)
		if i < 0 || kind[0].Type != gjson.String {
			return
		}
		of := &variants[i]
		if of.otherwise != "" {
			other := &variants[slices.Index(kinds, of.otherwise)]
			if count(v, of.members) == 0 && count(v, other.members) == len(other.members) {
				c.edits = append(c.edits, edit{kind[0].Index, len(kind[0].Raw), `"` + other.name + `"`})
				of = other
			}
		}
		c.members(v, of.members)
	}
}

// count tells how many of the members an object has.
func count(v gjson.Result, members []member) (n int) {
	var found [maxMembers]gjson.Result
	pick(v, members, &found)
	for i := range members {
		if found[i].Exists() {
			n++
		}
	}
	return n
}

// sizeOf says what size something must have.
func sizeOf(least, most int, unit string) string {
	switch {
	case most == unlimited:
		return "must have at least " + strconv.Itoa(least) + " " + unit
	case least == 0:
		return "must have at most " + strconv.Itoa(most) + " " + unit + "s"
	}
	return "must have " + strconv.Itoa(least) + " to " + strconv.Itoa(most) + " " + unit + "s"
}
