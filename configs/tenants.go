package configs

import (
	"crypto/sha256"
	"encoding/binary"
	"path/filepath"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// A file with many tenants is read tenant by tenant: a tree of YAML takes fifty times its
// text in memory, and what is as it was in the load before is not read again. That goes
// for files without a mistake. Where there is any, the whole is read at once, by the
// reader of document.go, which knows the place of everything.

// tenantPart is one tenant of a file as it was read.
type tenantPart struct {
	text   [sha256.Size]byte // sum of its lines
	id     string
	tenant Tenant
	nodes  int
	inputs inputs // what it took from elsewhere
}

// readTenants reads a file tenant by tenant. It gives nil where the whole has to be read:
// there is a mistake, or the file is written in a way that does not come apart.
func (m *memory) readTenants(name, text string, environ map[string]string) (*Config, map[string]*tenantPart) {
	s, ok := splitTenants(text)
	if !ok || !utf8.ValidString(text) {
		return nil, nil
	}
	in := newInputs(environ)
	c, mistakes := readWhole(name, s.rest, in)
	if at := (position{s.line, 1}); len(mistakes) > 0 || c.file.places["tenants"].name != at || c.file.anchored || c.Tenants != nil {
		return nil, nil
	}
	parts := make([]*tenantPart, len(s.parts))
	if !each(len(parts), func(i int) bool {
		parts[i] = m.part(name, s.parts[i], environ)
		return parts[i] != nil
	}) {
		return nil, nil
	}
	nodes := c.file.nodes
	read := make(map[string]*tenantPart, len(parts))
	c.Tenants = make(Tenants, len(parts))
	for _, p := range parts {
		nodes += p.nodes
		if _, twice := c.Tenants[p.id]; twice {
			return nil, nil
		}
		c.Tenants[p.id], read[p.id] = p.tenant, p
		in.add(&p.inputs)
	}
	if nodes >= maxNodes || in.secretBytes > maxSecretFiles {
		return nil, nil
	}
	c.unknown = unknownVariables(environ, in.used())
	return c, read
}

// each does a thing for 0 to n-1, on all processors, until one fails.
func each(n int, do func(int) bool) bool {
	var next atomic.Int64
	var failed atomic.Bool
	var all sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if !do(i) {
					failed.Store(true)
				}
			}
		})
	}
	all.Wait()
	return !failed.Load()
}

// part gives one tenant: that of the load before, if it is the same; nil for one with a
// mistake.
func (m *memory) part(name, text string, environ map[string]string) *tenantPart {
	sum := sha256.Sum256([]byte(text))
	if p := m.parts[idOf(text)]; p != nil && p.text == sum && p.inputs.same(environ) {
		return p
	}
	return readPart(name, text, sum, environ)
}

// idOf is the name at the beginning of a part.
func idOf(text string) string {
	start := 0
	for start < len(text) && text[start] == ' ' {
		start++
	}
	end := start
	for end < len(text) && text[end] != ':' {
		end++
	}
	return text[start:end]
}

func readPart(name, text string, sum [sha256.Size]byte, environ map[string]string) *tenantPart {
	in := newInputs(environ)
	d := &document{name: name, inputs: in, quiet: true, places: map[string]place{}, from: map[string]string{}}
	tree, faults := d.read(text, "tenants", 1, in.lookup)
	members, is := tree.(*fields.Object)
	if !is || len(faults) > 0 || d.anchored || members.Len() != 1 {
		return nil
	}
	p := &tenantPart{text: sum, nodes: d.nodes}
	for id, of := range members.All() {
		p.id = id
		if p.id != idOf(text) || !gateway.IsName(id) {
			return nil
		}
		if of != nil && !p.decode(d, of) {
			return nil
		}
	}
	p.inputs = inputs{variables: in.variables, files: in.files, secretBytes: in.secretBytes}
	p.tenant.digest = p.digest()
	return p
}

// decode gives the tenant of a tree; false for one with a mistake.
func (p *tenantPart) decode(d *document, tree any) bool {
	place := fields.Member("tenants", p.id)
	r := &secretReader{document: d, left: maxSecretFiles}
	tree = r.walk(place, tree, reflect.TypeFor[Tenant]())
	if len(r.found) > 0 || len(fields.Decode(tree, &p.tenant)) > 0 {
		return false
	}
	pem := pemReader{folder: filepath.Dir(d.name), inputs: d.inputs}
	pem.tenant(place, &p.tenant)
	return len(pem.faults)+len(p.tenant.names(place)) == 0
}

// digest is of all that made a tenant what it is.
func (p *tenantPart) digest() Digest {
	h := sha256.New()
	h.Write(p.text[:])
	write := func(text string) {
		var size [8]byte
		binary.LittleEndian.PutUint64(size[:], uint64(len(text)))
		h.Write(size[:])
		h.Write([]byte(text))
	}
	for _, v := range p.inputs.variables {
		write(v.name)
		write(v.value)
	}
	for _, f := range p.inputs.files {
		write(f.name)
		h.Write(f.sum[:])
	}
	return Digest(h.Sum(nil))
}
