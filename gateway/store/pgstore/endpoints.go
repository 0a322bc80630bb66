package pgstore

import (
	"encoding/binary"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// endpoints are what is known of lanes beside their deliveries.
type endpoints struct{ *writers }

var (
	holdTable   = newTable("hold", "holds", "tenant bytea, endpoint bytea, conversation int8", "value bytea")
	statusTable = newTable("status of an endpoint", "statuses", "tenant bytea, endpoint bytea", "value bytea")
)

// Holds gives the conversations of an ordered lane that wait for a failed delivery.
func (s *endpoints) Holds(lane gateway.LaneKey) (list []gateway.Hold, err error) {
	if !keyable(lane.Tenant, lane.Endpoint) {
		return nil, nil
	}
	p := &params{}
	err = s.read("SELECT conversation, value FROM {s}holds WHERE tenant = "+p.text(lane.Tenant)+" AND endpoint = "+p.text(lane.Endpoint), p, func(row [][]byte) (bool, error) {
		h, err := record.DecodeHold(binary.BigEndian.AppendUint64(nil, uint64(longAt(row[0]))), row[1])
		list = append(list, h)
		return true, err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// SetHold puts a hold, in place of one of the same conversation. A crash of the database may
// lose it, and with it what was settled after.
func (s *endpoints) SetHold(lane gateway.LaneKey, h gateway.Hold) error {
	var e record.Encoder
	e.Hold(&h)
	p := newPromise()
	p.ofLane(lane)
	p.durable = false
	p.put(holdTable, text(lane.Tenant), text(lane.Endpoint), hash(h.Conversation), raw(e.B))
	return s.write(p)
}

// ClearHold removes a hold; it is no error when there is none. It is as durable as SetHold.
func (s *endpoints) ClearHold(lane gateway.LaneKey, conversation uint64) error {
	p := newPromise()
	p.ofLane(lane)
	p.durable = false
	p.remove(holdTable, text(lane.Tenant), text(lane.Endpoint), hash(conversation))
	return s.write(p)
}

// Status gives what is known of an endpoint; the zero EndpointStatus for a new one.
func (s *endpoints) Status(lane gateway.LaneKey) (v gateway.EndpointStatus, err error) {
	if !keyable(lane.Tenant, lane.Endpoint) {
		return v, nil
	}
	p := &params{}
	_, err = s.one("SELECT value FROM {s}statuses WHERE tenant = "+p.text(lane.Tenant)+" AND endpoint = "+p.text(lane.Endpoint), p, func(row [][]byte) (err error) {
		v, err = record.DecodeStatus(row[0])
		return err
	})
	return v, err
}

// PutStatus keeps what is known of an endpoint, durably if synced, with the lines of the
// audit that tell of it.
func (s *endpoints) PutStatus(lane gateway.LaneKey, v gateway.EndpointStatus, synced bool, told ...gateway.AuditLine) error {
	var e record.Encoder
	e.Status(&v)
	p := newPromise()
	p.ofLane(lane)
	p.durable = synced
	p.put(statusTable, text(lane.Tenant), text(lane.Endpoint), raw(e.B))
	p.lines(auditBook, told)
	return s.write(p)
}
