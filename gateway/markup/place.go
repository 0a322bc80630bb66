package markup

import (
	"errors"
	"fmt"
	"strings"
)

// place follows the HTML that templates write, byte by byte, so that it is known where a value
// stands. It knows what our pages use, and refuses the rest.
type place struct {
	at        at
	element   string // of the tag that was opened last
	closing   bool   // the tag is an end tag
	attribute string
	url       part // of the URL in the value of an attribute
	end       int  // bytes of the end tag of element that were read, in raw or plain text
}

type at int

const (
	inText      at = iota
	inPlain        // in <title> or <textarea>: text without tags
	inRaw          // in <script> or <style>
	atTag          // behind <
	inName         // in the name of an element
	inDoctype      // behind <!
	inTag          // between attributes
	inAttribute    // in the name of an attribute
	atValue        // behind =
	inDouble       // in "
	inSingle       // in '
)

// part is how far a URL has come.
type part int

const (
	atStart part = iota
	inPath
	inQuery // or the fragment
)

func (p *place) inText() bool { return p.at == inText }

// read moves the place over what a template says.
func (p *place) read(text string) error {
	for _, b := range []byte(text) {
		if err := p.step(b); err != nil {
			return err
		}
	}
	return nil
}

func (p *place) step(b byte) error {
	switch p.at {
	case inText:
		if b == '<' {
			p.at, p.closing = atTag, false
		}
	case inPlain, inRaw:
		p.seek(b)
	case atTag, inName:
		return p.name(b)
	case inDoctype:
		if b == '-' {
			return errors.New("comments of HTML have no place here: write {{/* */}}")
		}
		if b == '>' {
			p.at = inText
		}
	case inTag, inAttribute:
		return p.attributes(b)
	case atValue:
		return p.opens(b)
	case inDouble, inSingle:
		p.inside(b)
	}
	return nil
}

// seek looks for the end tag of an element that has no tags in it.
func (p *place) seek(b byte) {
	end := "</" + p.element
	if lower(b) != end[p.end] {
		p.end = 0
		if b == '<' {
			p.end = 1
		}
		return
	}
	if p.end++; p.end == len(end) {
		p.at, p.closing, p.end = inTag, true, 0
	}
}

func (p *place) name(b byte) error {
	switch {
	case p.at == atTag && b == '/' && !p.closing:
		p.closing = true
	case p.at == atTag && b == '!':
		p.at = inDoctype
	case p.at == atTag && !letter(b):
		return errors.New("a < begins no tag: write &lt;")
	case p.at == atTag:
		p.at, p.element = inName, string(lower(b))
	case letter(b) || b >= '0' && b <= '9' || b == '-':
		p.element += string(lower(b))
	default:
		p.at, p.attribute = inTag, ""
		return p.attributes(b)
	}
	return nil
}

// attributes reads what stands in a tag, but for values.
func (p *place) attributes(b byte) error {
	switch {
	case b == '>':
		p.opened()
	case b == '=' && p.attribute != "":
		p.at = atValue
	case space(b) || b == '/':
		p.at = inTag // the name stays: a = may follow
	case letter(b) || b >= '0' && b <= '9' || b == '-' || b == ':' || b == '_':
		if p.at == inTag {
			p.at, p.attribute = inAttribute, ""
		}
		p.attribute += string(lower(b))
	default:
		return fmt.Errorf("%q in a tag has no place here", b)
	}
	return nil
}

// opened is behind a tag.
func (p *place) opened() {
	p.at, p.attribute = inText, ""
	if p.closing {
		return
	}
	switch p.element {
	case "title", "textarea":
		p.at = inPlain
	case "script", "style":
		p.at = inRaw
	}
}

// opens begins a value.
func (p *place) opens(b byte) error {
	switch {
	case b == '"':
		p.at, p.url = inDouble, atStart
	case b == '\'':
		p.at, p.url = inSingle, atStart
	case !space(b):
		return errors.New("the value of an attribute stands in quotes")
	}
	return nil
}

// inside is within a value.
func (p *place) inside(b byte) {
	switch {
	case p.at == inDouble && b == '"', p.at == inSingle && b == '\'':
		p.at, p.attribute = inTag, ""
	case b == '?' || b == '#':
		p.url = inQuery
	case p.url == atStart && !space(b):
		p.url = inPath
	}
}

// urls are the attributes that are addresses.
var urls = map[string]bool{
	"action": true, "background": true, "cite": true, "data": true, "formaction": true, "href": true,
	"icon": true, "manifest": true, "ping": true, "poster": true, "src": true,
}

// code says whether an attribute is more than a text or one address.
func code(attribute string) bool {
	switch attribute {
	case "style", "srcset", "imagesrcset", "srcdoc", "http-equiv", "content":
		return true
	}
	return strings.HasPrefix(attribute, "on")
}

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

func letter(b byte) bool { return lower(b) >= 'a' && lower(b) <= 'z' }

func space(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\f' || b == '\r' }
