package pebblestore

import (
	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

func putParked(b *batch, p *gateway.Parked) {
	b.begin(kindParked, p.Tenant)
	b.id(kindParked, gateway.PrefixCallback, p.Callback.ID)
	b.enc.Parked(p)
	b.put()
}

// Parked gives a parked callback whole; else gateway.ErrNotFound. Whether its time
// is over is not looked at: who took it in time may still need it.
func (s *marks) Parked(tenant, id string) (*gateway.Parked, error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	u, ok := gateway.ParseID(gateway.PrefixCallback, id)
	if !ok {
		return nil, gateway.ErrNotFound
	}
	var p *gateway.Parked
	found, err := s.get(append(appendPrefix(nil, kindParked, tenant), u[:]...), func(value []byte) (err error) {
		p, err = record.DecodeParked(tenant, u[:], value, false)
		return err
	})
	if err == nil && !found {
		err = gateway.ErrNotFound
	}
	return p, err
}
