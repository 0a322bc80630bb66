package gateway

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	months   = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
)

// mailZones are the zones that RFC 2822, 4.3, names beside GMT and UT.
var mailZones = map[string]string{
	"EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500", "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700",
}

// parseMail reads the dates of mail and HTTP (RFC 2822, 3.3; RFC 9110, 5.6.7, with the two
// old forms): "Wed, 01 May 2024 02:30:00 GMT", "Wednesday, 01-May-24 02:30:00 GMT",
// "Wed May  1 02:30:00 2024". What day of the week it says is not looked at.
func parseMail(text string) (time.Time, bool) {
	text, _, _ = strings.Cut(text, "(") // a comment, at the end
	day, rest, found := strings.Cut(text, ",")
	if !found {
		day, rest = "", text
	} else if !isNamed(day, weekdays) {
		return time.Time{}, false
	}
	words := strings.Fields(rest)
	if len(words) > 0 && strings.Count(words[0], "-") == 2 {
		words = slices.Concat(strings.Split(words[0], "-"), words[1:])
	}
	if !found && len(words) >= 5 && isNamed(words[0], weekdays) {
		words = unixOrder(words)
	}
	if len(words) != 4 && len(words) != 5 {
		return time.Time{}, false
	}
	return parseWords(append(words, "")[:5])
}

// unixOrder puts the words of a date as C and Unix write it in the order of mail: weekday,
// month, day, time, maybe a zone, year.
func unixOrder(words []string) []string {
	year := words[len(words)-1]
	return append([]string{words[2], words[1], year, words[3]}, words[4:len(words)-1]...)
}

// parseWords reads day, month, year, time and zone.
func parseWords(words []string) (time.Time, bool) {
	m := moment{rest: words[3]}
	if words[4] != "" {
		if named, is := mailZones[strings.ToUpper(words[4])]; is {
			words[4] = named
		}
	}
	if !isNamed(words[1], months) || !m.clock() || m.rest != "" || !m.offset(words[4]) {
		return time.Time{}, false
	}
	m.month = 1 + slices.Index(months, strings.ToLower(words[1][:3]))
	var ok bool
	if m.day, ok = smallNumber(words[0], 2); !ok {
		return time.Time{}, false
	}
	if m.year, ok = smallNumber(words[2], 4); !ok {
		return time.Time{}, false
	}
	if len(words[2]) < 4 { // RFC 2822, 4.3
		m.year += 1900
		if len(words[2]) == 2 && m.year < 1950 {
			m.year += 100
		}
	}
	return m.time()
}

// isNamed says whether a word begins with one of the names of three letters.
func isNamed(word string, names []string) bool {
	return len(word) >= 3 && slices.Contains(names, strings.ToLower(word[:3]))
}

// smallNumber reads one of 1 to so many digits.
func smallNumber(word string, most int) (int, bool) {
	if word == "" || len(word) > most || strings.Trim(word, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(word)
	return n, err == nil
}
