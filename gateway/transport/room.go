package transport

import (
	"errors"
	"io"
)

// Room is the memory for large answers, which others want as well.
type Room interface {
	// Grant waits until there is room for so many bytes of an answer's body. false: there
	// was none in the time that the request has.
	Grant(bytes int) bool
}

// lightAnswer is how much of an answer's body is read without asking for room, in bytes.
const lightAnswer = 64 << 10

// errNoRoom is no failure of the peer's: nothing is read of it meanwhile, and it waits.
var errNoRoom = errors.New("it is large, and there was no memory for it in time")

// room asks once for an answer, when it turns out to be large.
type room struct {
	of   Room // nil: it is never asked
	most int
	had  bool
}

// take asks for all that the answer may have, where so many bytes are not light.
func (r *room) take(bytes int) error {
	if r.of == nil || r.had || bytes <= lightAnswer {
		return nil
	}
	if r.had = r.of.Grant(min(bytes, r.most)); !r.had {
		return errNoRoom
	}
	return nil
}

// reader asks when more has been read than what is light.
func (r *room) reader(from io.Reader) io.Reader {
	if r.of == nil || r.had {
		return from
	}
	return &roomReader{from: from, room: r}
}

type roomReader struct {
	from io.Reader
	room *room
	read int
}

func (r *roomReader) Read(p []byte) (int, error) {
	if !r.room.had {
		if r.read >= lightAnswer {
			if err := r.room.take(max(r.room.most, lightAnswer+1)); err != nil {
				return 0, err
			}
		} else {
			p = p[:min(len(p), lightAnswer-r.read)]
		}
	}
	n, err := r.from.Read(p)
	r.read += n
	return n, err
}
