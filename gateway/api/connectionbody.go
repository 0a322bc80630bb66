package api

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/fields"
)

// connectionBody is what a connection is written with. What is nil is not set.
type connectionBody struct {
	Name    *string         `json:"name"`
	URL     *string         `json:"url"`
	Token   *gateway.Secret `json:"token"`
	Headers gateway.Headers `json:"headers"`
	Auth    *connectionAuth `json:"auth"`
}

type connectionAuth struct {
	Username *string         `json:"username"`
	Password *gateway.Secret `json:"password"`
}

// firstConnection is what one is created with: its story is for good.
type firstConnection struct {
	connectionBody
	StoryID *string `json:"storyId"`
}

// The sizes of a connection's fields, in characters.
const (
	storyDigits          = 24
	maxConnectionName    = 128
	maxConnectionText    = 1024
	maxConnectionHeaders = 10
	authBasic            = "basic"
)

// readOnlyConnection are the members of a read that nobody writes, so that what a
// GET gave can be written back.
var readOnlyConnection = fields.ReadOnly("id", "story", "error", "createdAt", "updatedAt")

// readConnection reads the body as the webhook that it makes of last, or of
// nothing. What the connections API has no words for stays as it was written
// under /v1.
func readConnection(c *call, last *directory.Webhook) (*gateway.Webhook, error) {
	tree, err := c.resource()
	if err != nil {
		return nil, err
	}
	spec := &gateway.Webhook{Profile: gateway.ProfileChatbot}
	var b firstConnection
	r := connectionReader{}
	if last == nil {
		r.list = fields.Decode(tree, &b, readOnlyConnection)
		if spec.StoryID = r.text("storyId", b.StoryID, storyDigits, storyDigits); strings.ContainsFunc(spec.StoryID, unicode.IsControl) {
			r.add("storyId", "must have no control characters")
		}
	} else {
		*spec = last.Spec
		spec.Auth = maskedAuth(spec.Auth)
		spec.TLS = maskedTLS(spec.TLS)
		r.list = fields.Decode(tree, &b.connectionBody, readOnlyConnection)
	}
	r.read(&b.connectionBody, spec)
	if err := gateway.Invalid(r.list); err != nil {
		return nil, err
	}
	return spec, nil
}

// connectionReader checks a body against the sizes, and collects its faults.
// Which secret a mask keeps is for those to say who know where it is sent.
type connectionReader struct{ faults }

func (r *connectionReader) read(b *connectionBody, spec *gateway.Webhook) {
	spec.Name = r.text("name", b.Name, 1, maxConnectionName)
	spec.URL = r.text("url", b.URL, 1, maxConnectionText)
	spec.Token = ""
	if b.Token != nil {
		spec.Token = r.secret("token", b.Token)
	}
	if spec.Headers = b.Headers; b.Headers != nil && (len(b.Headers) < 1 || len(b.Headers) > maxConnectionHeaders) {
		r.add("headers", "must have 1 to "+strconv.Itoa(maxConnectionHeaders)+" members, or be left out")
	}
	switch {
	case b.Auth != nil:
		spec.Auth = gateway.Auth{
			Type: authBasic, Username: r.text("auth.username", b.Auth.Username, 1, maxConnectionText),
			Password: r.secret("auth.password", b.Auth.Password),
		}
	case spec.Auth.Type == authBasic:
		spec.Auth = gateway.Auth{}
	}
}

func (r *connectionReader) text(path string, value *string, least, most int) string {
	if value == nil {
		r.add(path, "is missing")
		return ""
	}
	if n := utf8.RuneCountInString(*value); n < least || n > most {
		size := strconv.Itoa(least) + " to " + strconv.Itoa(most)
		if least == most {
			size = "exactly " + strconv.Itoa(most)
		}
		r.add(path, "must have "+size+" characters")
	}
	return *value
}

func (r *connectionReader) secret(path string, value *gateway.Secret) gateway.Secret {
	return gateway.Secret(r.text(path, (*string)(value), 1, maxConnectionText))
}

// maskedTLS is maskedAuth for what secures the connections.
func maskedTLS(t *gateway.TLS) *gateway.TLS {
	if t == nil || t.Key == "" {
		return t
	}
	masked := *t
	masked.Key = gateway.Masked
	return &masked
}

// maskedAuth is an auth with a mask for each secret: what was written under /v1, and
// stays, stays as if it had been written back.
func maskedAuth(a gateway.Auth) gateway.Auth {
	for _, secret := range []*gateway.Secret{&a.Password, &a.Token, &a.Value} {
		if *secret != "" {
			*secret = gateway.Masked
		}
	}
	return a
}
