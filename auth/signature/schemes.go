package signature

import "strings"

// scheme is one `type` that an operator can write.
type scheme struct {
	name  string
	reads []string // the fields of Config that it reads
	build func(*Config, *faults) *Verifier
}

// schemes lists every type, a line each.
var schemes = []scheme{
	none,
	token,
	bearer,
	basic,
	generic,
	standard.scheme(),
	asymmetricScheme,
	svix.scheme(),
	stripe.scheme(),
	github.scheme(),
	slack.scheme(),
	meta.scheme(),
}

// Schemes lists the types that Compile knows.
func Schemes() []string { return names(schemes) }

func find(list []scheme, name string, f *faults) *scheme {
	for i := range list {
		if list[i].name == name {
			return &list[i]
		}
	}
	known := strings.Join(names(list), ", ")
	if name == "" {
		f.add("type", "is missing: must be one of %s", known)
	} else {
		f.add("type", "is %q: must be one of %s", name, known)
	}
	return nil
}

func names(list []scheme) []string {
	all := make([]string, len(list))
	for i := range list {
		all[i] = list[i].name
	}
	return all
}
