package signature

import (
	"slices"
	"strings"
)

// scheme is one `type` that an operator can write.
type scheme struct {
	name  string
	reads []string // the fields of Config that it reads
	build func(*Config, *faults) *Verifier
}

// families are the descriptors of providers, a line each: the engine verifies as
// they do, and signs as their senders do.
var families = slices.Concat([]descriptor{
	standard,
	svix,
	stripe,
	github,
	slack,
	meta,
	shopify,
	line,
	zendesk,
	hubspot,
	hubspotV2,
	hubspotV1,
	calendly,
	razorpay,
	square,
	intercom,
	twitch,
	zoom,
	msteams,
	viber,
}, bodyFamilies, timeFamilies, standardFamilies)

// schemes lists every type: those that no provider owns, the families, and the
// providers that are provers of their own.
var schemes = func() []scheme {
	all := []scheme{none, token, bearer, basic, generic, messageScheme, mtls}
	for _, d := range families {
		all = append(all, d.scheme())
	}
	for _, d := range asymmetricFamilies {
		all = append(all, d.scheme())
	}
	all = append(all, telegram, twilioScheme, mailgunScheme, paypalScheme, gitlab)
	return slices.Concat(all, tokenSchemes, composedSchemes)
}()

// Schemes lists the types that Compile knows.
func Schemes() []string { return names(schemes) }

func find(list []scheme, name string, f *faults) *scheme {
	for i := range list {
		if list[i].name == name {
			return &list[i]
		}
	}
	if name == "" {
		f.add("type", "is missing: must be one of %s", strings.Join(names(list), ", "))
	} else {
		f.one("type", name, names(list))
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
