package outbound

import "hookgate/gateway"

// Withhold keeps a delivery that will be stored from being sent until Let, also where
// the lane comes upon it in the store. It is for who has an answer to give before.
func (l *Lanes) Withhold(key gateway.LaneKey, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lane(key).flying[id] = nil
}

// Let ends Withhold. If the delivery was stored, Wake is called after it.
func (l *Lanes) Let(key gateway.LaneKey, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := l.lanes[key]; n != nil {
		delete(n.flying, id)
		l.ended.Broadcast()
	}
}
