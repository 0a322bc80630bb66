package stream

import "errors"

var errStuck = errors.New("the reader takes nothing")
