package proxy

import (
	"time"

	"hookgate/gateway"
	"hookgate/retry/breaker"
)

// choose takes the upstream with the least in flight. What the request needs here is
// taken before: an upstream need not hear of one that has no room.
func (x *exchange) choose() done {
	if err := x.request.openUpload(); err != nil {
		return x.ends(err)
	}
	x.leg.deadline = time.Now().Add(x.route.Timeout)
	if again, ok := x.leg.choose(nil); !ok {
		return x.ends(unavailable(again))
	}
	return false
}

// unavailable is the answer while no upstream is well.
func unavailable(again time.Duration) *gateway.Error {
	return &gateway.Error{Code: gateway.CodeUpstreamUnavailable, Message: "no upstream is well", RetryAfter: max(again, time.Second)}
}

// choose takes the upstream with the least in flight, of those that are well and
// not the one that failed already. again is when to ask again where there is none.
func (l *leg) choose(but *upstream) (again time.Duration, ok bool) {
	first := int(l.route.turn.Add(1) % uint32(len(l.route.upstreams)))
	var refused uint64 // upstreams whose breaker said no
	for {
		best, soonest := l.route.best(first, but, refused)
		switch {
		case best < 0 && soonest > 0:
			return time.Until(time.Unix(0, soonest)), false
		case best < 0:
			return 0, false
		case l.take(l.route.upstreams[best]):
			return 0, true
		}
		refused |= 1 << best
	}
}

// best gives the place of the upstream with the least in flight, first the first of
// equals, among those that are not refused; -1 where there is none. soonest is when
// one that rests is asked again, Unix nanoseconds; 0: none rests.
func (r *route) best(first int, but *upstream, refused uint64) (best int, soonest int64) {
	best = -1
	for i := range r.upstreams {
		at := (first + i) % len(r.upstreams)
		u := r.upstreams[at]
		if u == but || refused&(1<<at) != 0 || u.sick.Load() || u.flying.Load() >= mostFlying {
			continue
		}
		if rests := u.rests.Load(); rests > 0 && rests > time.Now().UnixNano() {
			if soonest == 0 || rests < soonest {
				soonest = rests
			}
			continue
		}
		if best < 0 || u.flying.Load() < r.upstreams[best].flying.Load() {
			best = at
		}
	}
	return best, soonest
}

// take asks the upstream's breaker. It has no ramp here (a width of 1): what was
// held back of a recovered upstream's requests would be refused.
func (l *leg) take(u *upstream) bool {
	if u.breaker != nil {
		permit, _, ok := u.breaker.Allow(1)
		if !ok {
			return false
		}
		l.permit = permit
	}
	u.flying.Add(1)
	l.upstream = u
	return true
}

// settle gives back what take got of the breaker; err is why there was no answer.
func (l *leg) settle(err error, v breaker.Verdict) {
	l.permit.Done(v)
	l.permit = breaker.Permit{}
	if err != nil && v == breaker.Failed {
		l.upstream.failed(err)
	}
}

// leave ends the use of the upstream.
func (l *leg) leave() {
	if l.upstream != nil {
		l.upstream.flying.Add(-1)
		l.upstream = nil
	}
}
