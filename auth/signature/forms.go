package signature

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
)

// mostFields bounds a form or a query that is taken apart before anybody is verified:
// each field costs memory beside its bytes.
const mostFields = 1000

const formType = "application/x-www-form-urlencoded"

// form reads the received bytes as a form. A body that is none of type form, or that
// could be read in more than one way, is refused.
func (r *Request) form() (url.Values, error) {
	kind, err := r.header("Content-Type")
	if err != nil {
		return nil, err
	}
	kind, _, _ = bytes.Cut(kind, []byte(";"))
	if !strings.EqualFold(string(bytes.TrimSpace(kind)), formType) {
		return nil, refuse(Malformed, "Content-Type")
	}
	return pairsOf(string(r.Body), "body")
}

// pairsOf reads a query or a form, strictly.
func pairsOf(text, field string) (url.Values, error) {
	if strings.Count(text, "&") >= mostFields {
		return nil, refuse(Malformed, field)
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, refuse(Malformed, field)
	}
	return values, nil
}

// query reads the query of the URL that was called.
func (r *Request) query() (url.Values, error) {
	_, query, _ := strings.Cut(r.url(), "?")
	return pairsOf(query, "query")
}

// only gives the value of a name that must be there once, and not empty.
func only(values url.Values, name string) (string, error) {
	switch all := values[name]; {
	case len(all) > 1:
		return "", refuse(DuplicateParameter, name)
	case len(all) == 0 || all[0] == "":
		return "", refuse(MissingParameter, name)
	}
	return values.Get(name), nil
}

// part reads the one part of a multipart form that has a name, as it was received.
func (r *Request) part(name string) ([]byte, error) {
	kind, err := r.header("Content-Type")
	if err != nil {
		return nil, err
	}
	essence, params, err := mime.ParseMediaType(string(kind))
	boundary, begins := boundaryOf(r.Body)
	switch {
	case err != nil || essence != "multipart/form-data":
		return nil, refuse(Malformed, "Content-Type")
	case !begins || boundary != params["boundary"]: // nothing may stand before the first part
		return nil, refuse(Malformed, "body")
	}
	return partOf(r.Body, boundary, name)
}

// boundaryOf gives what parts a multipart form, by its first line.
func boundaryOf(body []byte) (boundary string, ok bool) {
	line, _, ended := bytes.Cut(body[:min(len(body), mostBoundary)], []byte("\r\n"))
	line, is := bytes.CutPrefix(line, []byte("--"))
	return string(line), is && ended && len(line) > 0
}

const mostBoundary = 2 + 70 + 2 // RFC 2046, section 5.1.1

// partOf reads the one part of a name.
func partOf(body []byte, boundary, name string) (found []byte, err error) {
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for range mostFields {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			if found == nil {
				return nil, refuse(MissingParameter, name)
			}
			return found, nil
		}
		if err != nil {
			return nil, refuse(Malformed, "body")
		}
		if p.FormName() != name {
			continue
		}
		if found != nil {
			return nil, refuse(DuplicateParameter, name)
		}
		if found, err = io.ReadAll(p); err != nil || p.FileName() != "" || len(found) == 0 {
			return nil, refuse(Malformed, name)
		}
	}
	return nil, refuse(Malformed, "body")
}
