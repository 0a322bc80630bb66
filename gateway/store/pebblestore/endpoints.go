package pebblestore

import (
	"encoding/binary"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// endpoints are what is known of lanes beside their deliveries.
type endpoints struct{ *engine }

// Holds gives the conversations of an ordered lane that wait for a failed delivery.
func (s *endpoints) Holds(lane gateway.LaneKey) (list []gateway.Hold, err error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	if !keyable(lane.Tenant, lane.Endpoint) {
		return nil, nil
	}
	prefix := appendLane(nil, kindHold, lane)
	it, err := s.iter(prefix, pastPrefix(prefix))
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	for more := it.First(); more; more = it.Next() {
		h, err := record.DecodeHold(it.Key()[len(prefix):], it.Value())
		if err != nil {
			return nil, err
		}
		list = append(list, h)
	}
	return list, nil
}

// SetHold puts a hold, in place of one of the same conversation. It is not synced.
func (s *endpoints) SetHold(lane gateway.LaneKey, h gateway.Hold) error {
	return s.settled(false, func(b *batch) {
		b.hold(lane, h.Conversation)
		b.enc.Hold(&h)
		b.put()
	})
}

// ClearHold removes a hold; it is no error when there is none. It is not synced.
func (s *endpoints) ClearHold(lane gateway.LaneKey, conversation uint64) error {
	return s.settled(false, func(b *batch) {
		b.hold(lane, conversation)
		b.remove()
	})
}

func (b *batch) hold(lane gateway.LaneKey, conversation uint64) {
	b.lane(kindHold, lane)
	b.key = binary.BigEndian.AppendUint64(b.key, conversation)
}

// Status gives what is known of an endpoint; the zero EndpointStatus for a new one.
func (s *endpoints) Status(lane gateway.LaneKey) (v gateway.EndpointStatus, err error) {
	if err := s.using.Enter(); err != nil {
		return v, err
	}
	defer s.using.Leave()
	if !keyable(lane.Tenant, lane.Endpoint) {
		return v, nil
	}
	_, err = s.get(append(appendPrefix(nil, kindStatus, lane.Tenant), lane.Endpoint...), func(value []byte) (err error) {
		v, err = record.DecodeStatus(value)
		return err
	})
	return v, err
}

// PutStatus keeps what is known of an endpoint, durably if synced, with the lines of the
// audit that tell of it.
func (s *endpoints) PutStatus(lane gateway.LaneKey, v gateway.EndpointStatus, synced bool, told ...gateway.AuditLine) error {
	return s.settled(synced, func(b *batch) {
		b.lines(told)
		b.status(lane)
		b.enc.Status(&v)
		b.put()
	})
}

func (b *batch) status(lane gateway.LaneKey) {
	if !keyable(lane.Endpoint) {
		b.fail(kindStatus)
	}
	b.begin(kindStatus, lane.Tenant)
	b.key = append(b.key, lane.Endpoint...)
}

// settled is one commit of what put puts. It is small, and belongs to what goes on
// when the disk is nearly full, as settling does.
func (s *engine) settled(synced bool, put func(*batch)) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if err := s.admitSettle(); err != nil {
		return err
	}
	b := s.newBatch(1 << 10)
	defer b.free()
	put(b)
	return s.commit(b, synced)
}
