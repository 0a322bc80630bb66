package publishing

import "hookgate/gateway"

// Announce makes what hookgate itself has to say durable, then wakes the lanes of it.
func (p *Publisher) Announce(a *gateway.Publication) error {
	if err := p.store.Accept(a); err != nil {
		return err
	}
	p.wake(a.Deliveries)
	return nil
}

// wake tells each lane of its new deliveries at once.
func (p *Publisher) wake(deliveries []gateway.Delivery) {
	if len(deliveries) == 1 {
		v := &deliveries[0]
		p.options.Wake(v.Lane(), v.Due())
		return
	}
	lanes := map[gateway.LaneKey][]gateway.Due{}
	for i := range deliveries {
		v := &deliveries[i]
		key := v.Lane()
		lanes[key] = append(lanes[key], v.Due())
	}
	for key, dues := range lanes {
		p.options.WakeMany(key, dues)
	}
}

// wakeInTurn wakes lanes whose deliveries stand together.
func (p *Publisher) wakeInTurn(made []gateway.Delivery) {
	for len(made) > 0 {
		n := 1
		for n < len(made) && made[n].Endpoint == made[0].Endpoint {
			n++
		}
		p.wake(made[:n])
		made = made[n:]
	}
}
