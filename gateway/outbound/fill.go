package outbound

import (
	"time"

	"hookgate/gateway"
)

// count learns how much a former process left; see lane.unfinished.
func (l *Lanes) count(keys []gateway.LaneKey) {
	const page = 4096
	for _, key := range keys {
		var after gateway.Due
		for l.ctx.Err() == nil {
			due, err := l.queue.Window(key, after, page)
			if err != nil {
				l.log.Warn("unfinished deliveries cannot be counted", "tenant", key.Tenant, "endpoint", key.Endpoint, "error", err)
				return
			}
			l.mu.Lock()
			l.lane(key).depth += len(due)
			stopped := l.stopped
			l.mu.Unlock()
			if stopped || len(due) < page {
				break
			}
			after = due[len(due)-1]
		}
	}
}

// mostReaders bounds how many windows are read from the store at once.
const mostReaders = 4

// fill has a lane's window read.
func (l *Lanes) fill(n *lane) {
	n.window.reading = true
	l.read = append(l.read, n)
	if l.readers < mostReaders {
		l.readers++
		l.running.Go(l.reader)
	}
}

func (l *Lanes) reader() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.stopped && len(l.read) > 0 {
		n := l.read[0]
		l.read = l.read[1:]
		after, most := n.window.cursor, n.window.most
		l.mu.Unlock()
		batch, err := l.queue.Window(n.key, after, most)
		if err != nil {
			l.log.Error("unfinished deliveries cannot be read", "tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "error", err)
			sleep(l.ctx, storeRest)
		}
		l.mu.Lock()
		if err != nil {
			l.read = append(l.read, n)
			continue
		}
		n.window.read(batch, len(batch) < most)
		l.place(n, time.Now())
		l.hire()
	}
	l.readers--
}
