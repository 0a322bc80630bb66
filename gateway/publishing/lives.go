package publishing

import "hookgate/gateway"

// enter enters the lives of the tenants whose events they are; none where one of them
// has been deleted since the request began.
func (d *draft) enter() bool {
	for i := range d.tenants {
		if !d.tenants[i].of.Life.Enter() {
			for _, t := range d.tenants[:i] {
				t.of.Life.Leave()
			}
			return false
		}
	}
	return true
}

func (d *draft) leave() {
	for _, t := range d.tenants {
		t.of.Life.Leave()
	}
}

var errGone = gateway.Errorf(gateway.CodeNotFound, "no such tenant")
