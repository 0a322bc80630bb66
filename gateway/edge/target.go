package edge

import (
	"bytes"

	"hookgate/gateway"
	"hookgate/gateway/wire"
)

var (
	errTargetForm  = refused(gateway.CodeBadRequest, "the request target is not in origin form: it must start with /")
	errTargetByte  = refused(gateway.CodeBadRequest, "the request target has a control byte, a backslash or a fragment")
	errEscape      = refused(gateway.CodeBadRequest, "the request target has a bad percent escape")
	errSeparator   = refused(gateway.CodeBadRequest, "the path has an encoded separator or control byte")
	errControl     = refused(gateway.CodeBadRequest, errSeparator.Message)
	errDotSegment  = refused(gateway.CodeBadRequest, "the path has a dot segment")
	errDoubleSlash = refused(gateway.CodeBadRequest, "the path has an empty segment")
)

// checkTarget passes a target that can be read in one way only, and returns its
// path. Dot segments count also when escaped and with matrix parameters behind
// them (..;a=b), for there are servers that drop the parameters first. errSeparator comes
// with the path, when all else is right: a key may have an encoded one (Limits.Key). So does
// errDotSegment.
func checkTarget(target []byte) (path []byte, fault *gateway.Error) {
	if len(target) == 0 || target[0] != '/' {
		return nil, errTargetForm
	}
	path = target
	if i := bytes.IndexByte(target, '?'); i >= 0 {
		path = target[:i]
		if fault = checkQuery(target[i+1:]); fault != nil {
			return nil, fault
		}
	}
	return path, checkPath(path)
}

// CheckTarget says why the target of a request is refused before anybody looks at it; nil:
// it is not.
func CheckTarget(target []byte) error {
	if _, fault := checkTarget(target); fault != nil {
		return fault
	}
	return nil
}

func checkQuery(query []byte) *gateway.Error {
	for i, c := range query {
		if !inTarget(c) {
			return errTargetByte
		}
		if c == '%' {
			if _, ok := wire.Escape(query, i); !ok {
				return errEscape
			}
		}
	}
	return nil
}

func checkPath(path []byte) *gateway.Error {
	dots, plain := 0, false // of the segment: its leading dots; whether more than dots stands before its parameters
	params, separated := false, false
	for i := 1; i < len(path); i++ {
		c := path[i]
		if !inTarget(c) {
			return errTargetByte
		}
		if c == '/' {
			if path[i-1] == '/' {
				return errDoubleSlash
			}
			if isDots(dots, plain) {
				return errDotSegment
			}
			dots, plain, params = 0, false, false
			continue
		}
		if c == '%' {
			escaped, ok := wire.Escape(path, i)
			if !ok {
				return errEscape
			}
			if c = escaped; c < 0x20 || c == 0x7f {
				return errControl
			}
			separated = separated || isSeparator(c)
			i += 2
		}
		switch {
		case params:
		case c == ';':
			params = true
		case c == '.':
			dots++
		default:
			plain = true
		}
	}
	if isDots(dots, plain) {
		return errDotSegment
	}
	if separated {
		return errSeparator
	}
	return nil
}

func isSeparator(c byte) bool { return c == '/' || c == '\\' }

// endsInDots says whether a path with a dot segment is right but for its last one, which is
// written with an escape: as a key it is taken for what it says (SPEC 15, "Keys").
func endsInDots(path []byte) bool {
	last := bytes.LastIndexByte(path, '/')
	if last < 0 || bytes.IndexByte(path[last:], '%') < 0 {
		return false
	}
	fault := checkPath(path[:last])
	return fault == nil || fault == errSeparator
}

// separatesAt gives the place of the first encoded separator of a path that was checked;
// len(path) where there is none.
func separatesAt(path []byte) int {
	for i, c := range path {
		if c == '%' {
			if escaped, _ := wire.Escape(path, i); isSeparator(escaped) {
				return i
			}
		}
	}
	return len(path)
}

func isDots(dots int, plain bool) bool { return !plain && (dots == 1 || dots == 2) }

// inTarget reports whether c may stand in a target. A backslash may not, which some
// servers take for a slash.
func inTarget(c byte) bool { return wire.Target.Has(c) && c != '\\' }
