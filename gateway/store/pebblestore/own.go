package pebblestore

import (
	"encoding/binary"
	"time"

	"hookgate/gateway"
)

// putOwn remembers a key as a conversation's own. It is put without a look: the
// same key of the same period takes the place of itself.
func putOwn(b *batch, o *gateway.OwnKey, at time.Time) {
	b.begin(kindOwn, o.Tenant)
	b.key = binary.BigEndian.AppendUint32(b.key, periodOf(at))
	b.key = append(b.key, o.Key...)
	b.put()
}

// Own says of each key whether an event showed it as its own conversation.key
// within gateway.AliasKept, and up to a period more.
func (s *marks) Own(tenant string, keys []string) (own []bool, err error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	l := s.begin(kindOwn, tenant)
	defer l.end(&err)
	now := s.opts.Now()
	at := len(l.key)
	l.key = append(l.key, 0, 0, 0, 0)
	first, last := int(periodOf(now.Add(-gateway.AliasKept))), int(periodOf(now.Add(ahead)))
	own = make([]bool, len(keys))
	for i, key := range keys {
		l.key = append(l.key[:at+4], key...)
		for bucket := last; bucket >= first && !own[i]; bucket-- {
			binary.BigEndian.PutUint32(l.key[at:], uint32(bucket))
			_, own[i] = l.find()
		}
	}
	return own, nil
}
