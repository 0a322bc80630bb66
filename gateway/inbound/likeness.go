package inbound

import (
	"hookgate/gateway/mapping"
)

// likeness tells of a body that came as one thing and looks like another, which is what
// curl makes of -d (SPEC 15); "" where it looks as it came. as is what it was read as.
func likeness(sent []byte, as mapping.BodyKind) string {
	switch looks := mapping.Likeness(sent); {
	case looks == mapping.JSON && as != mapping.JSON:
		return "the body came " + came(as) + " and looks like JSON: send Content-Type: application/json, or set body: json on the source"
	case looks == mapping.Fields && as != mapping.Fields:
		return "the body came " + came(as) + " and looks like a form: send Content-Type: application/x-www-form-urlencoded, or set body: form on the source"
	}
	return ""
}

func came(as mapping.BodyKind) string {
	switch as {
	case mapping.JSON:
		return "as JSON"
	case mapping.Fields:
		return "as a form"
	}
	return "as text"
}
