package node

import (
	"hookgate/auth/signature"
	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/clock"
	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
	"hookgate/gateway/stream"
	"hookgate/metrics"
)

// Prepared checks a configuration before anything is opened, and keeps what it compiled for the
// Node that is made of it: with ten thousand tenants that is most of a start.
type Prepared struct {
	node     *Node
	checked  *configs.Config
	compiled []*directory.Tenant
}

// Prepare makes what a Node compiles with. One Node is made of it.
func Prepare(version string) *Prepared {
	n := &Node{parts: parts{
		Options: Options{Version: version}, clock: clock.New(nil), directory: directory.New(), metrics: metrics.New(version),
	}}
	n.stream = stream.New(n.directory.Tree)
	n.metrics.Clock(n.clock.Off)
	n.peaks = &mapping.Peaks{}
	n.certificates = signature.NewCertificates(between{&n.parts}.fetchCertificate, nil)
	n.keySets = signature.NewKeySets(between{&n.parts}.fetchKeySet)
	return &Prepared{node: n}
}

// Check is the function Check, for a configuration that the Node is going to take.
func (p *Prepared) Check(c *configs.Config) []gateway.Fault {
	counts{&p.node.parts}.bound(c.Bounds)
	tenants, faults := compileAll(c, p.node.fileOf(c))
	p.checked, p.compiled = c, tenants
	return faults
}

// bound has the metrics say how near mappings come to the bounds of a configuration: the first
// that is compiled.
func (c counts) bound(by configs.Bounds) {
	if c.peaks.Work == nil {
		*c.peaks = c.mappingPeaks(by)
	}
}

// compiledOf gives what was compiled of a configuration, once; nil where that was another.
func (p *Prepared) compiledOf(c *configs.Config) []*directory.Tenant {
	tenants := p.compiled
	if p.checked != c {
		tenants = nil
	}
	p.checked, p.compiled = nil, nil
	return tenants
}
