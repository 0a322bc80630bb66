package stats

import (
	"encoding/binary"

	"hookgate/gateway"
)

// figures are the cells that are not 0, of which most things have a few.
type figures []figure

type figure struct {
	cell uint8
	n    uint64
}

// add adds to a cell.
func (f *figures) add(cell int, n uint64) {
	for i := range *f {
		if (*f)[i].cell == uint8(cell) {
			(*f)[i].n += n
			return
		}
	}
	*f = append(*f, figure{uint8(cell), n})
}

// set sets a cell.
func (f *figures) set(cell int, n uint64) {
	for i := range *f {
		if (*f)[i].cell == uint8(cell) {
			(*f)[i].n = n
			return
		}
	}
	if n > 0 {
		*f = append(*f, figure{uint8(cell), n})
	}
}

// count counts what happened.
func (f *figures) count(h *gateway.Happening) {
	switch h.Kind {
	case gateway.HappenedWait:
		f.wait(h.Wait, h.AtOnce)
	case gateway.HappenedCallback:
		for i, o := range outcomes {
			if string(o) == h.Outcome {
				f.add(cellOutcomes+i, 1)
			}
		}
	case gateway.HappenedEvent:
		f.add(cellEvents, 1)
	case gateway.HappenedDelivery:
		switch h.Delivery.State {
		case gateway.DeliverySucceeded:
			f.add(cellSucceeded, 1)
		case gateway.DeliveryDead:
			f.add(cellDead, 1)
		}
	case gateway.HappenedAttempt:
		code := h.Attempt.Error
		if code == "" {
			code = codes[0]
		}
		f.add(among(codes, cellCodes, code), 1)
		f.add(inTime(cellAttemptMS, h.Attempt.Duration), 1)
	case gateway.HappenedCall:
		f.call(h.Call)
	}
}

func (f *figures) wait(w *gateway.Wait, atOnce bool) {
	if w.State == gateway.StateWaiting || atOnce {
		f.add(cellOpened, 1)
	}
	switch w.State {
	case gateway.StateResumed:
		f.add(cellResumed, 1)
		f.add(inTime(cellWaitMS, w.EndedAt.Sub(w.CreatedAt)), 1)
	case gateway.StateTimedOut:
		f.add(cellTimedOut, 1)
	case gateway.StateCancelled:
		f.add(cellCancelled, 1)
	}
}

func (f *figures) call(c *gateway.Call) {
	switch c.Outcome {
	case gateway.CallSuccess:
		f.add(cellSuccess, 1)
	case gateway.CallFailure:
		f.add(cellFailure, 1)
		f.add(among(reasons, cellReasons, c.Reason), 1)
	default:
		return // it goes on
	}
	f.add(inTime(cellCallMS, c.Duration), 1)
}

// whole are figures with a place for every cell.
type whole [cells]uint64

// sum adds what others have at the same time.
func (w *whole) sum(f figures) {
	for _, c := range f {
		w[c.cell] += c.n
	}
}

// standing are the cells that say how things stand: what came after says it anew.
var standing = [...]int{cellWaiting, cellOpen, cellBacklog, cellParked}

// follow adds what came after.
func (w *whole) follow(f figures) {
	for _, cell := range standing {
		w[cell] = 0
	}
	w.sum(f)
}

// encode writes what is stored: pairs of a cell and its number, each a uvarint.
func (w *whole) encode() (data []byte) {
	for cell, n := range w {
		if n > 0 {
			data = binary.AppendUvarint(binary.AppendUvarint(data, uint64(cell)), n)
		}
	}
	return data
}

// decode reads what encode wrote. Cells of a later version are left out; so is what is
// behind a fault.
func decode(data []byte, into figures) figures {
	into = into[:0]
	for len(data) > 0 {
		cell, n := binary.Uvarint(data)
		if n <= 0 {
			break
		}
		value, m := binary.Uvarint(data[n:])
		if m <= 0 {
			break
		}
		if data = data[n+m:]; cell < cells {
			into = append(into, figure{uint8(cell), value})
		}
	}
	return into
}
