package fields

import (
	"strconv"
	"strings"
)

// Member gives the path of a member: verify.secrets, headers["X.Y"].
func Member(path, name string) string {
	switch {
	case !plain(name):
		return path + "[" + strconv.Quote(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

// Index gives the path of an element of a list: secrets[1].
func Index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// Parent gives the path of what holds the member or element at path, and the
// last part that was cut off. The parent of a root's member is "".
func Parent(path string) (parent, last string) {
	if strings.HasSuffix(path, `"]`) {
		// A quote within a quoted name is escaped: ["a[\"b"] has one unescaped [".
		for i := strings.LastIndex(path, `["`); i >= 0; i = strings.LastIndex(path[:i], `["`) {
			if name, err := strconv.Unquote(path[i+1 : len(path)-1]); err == nil {
				return path[:i], name
			}
		}
	}
	i := strings.LastIndexAny(path, ".[")
	switch {
	case i < 0:
		return "", path
	case path[i] == '.':
		return path[:i], path[i+1:]
	}
	return path[:i], path[i:]
}

// Within says whether path is at or below the place.
func Within(path, place string) bool {
	rest, found := strings.CutPrefix(path, place)
	return found && (place == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}

// plain says whether a name stands in a path as it is.
func plain(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '_' && c != '-' {
			return false
		}
	}
	return name != ""
}
