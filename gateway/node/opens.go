package node

import (
	"net"
	"net/url"
	"time"

	"hookgate/auth/seal"
	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/server"
	"hookgate/gateway/store/pebblestore"
)

// CheckAll is Check, and what serve would find wrong with what it opens before it can
// serve: the files of the certificate, the data folder and its key, the addresses. It
// opens them as they are now and changes nothing: a hookgate that runs on the same folder
// does not notice.
func CheckAll(c *configs.Config) []gateway.Fault {
	faults, _ := opensCertificate(&c.Public)
	if samePort(c.Public.Addr, c.Internal.Addr) {
		faults = append(faults, gateway.Fault{Path: "internal.addr", Message: "is the address of the public listener too: each has its own"})
	}
	held, err := pebblestore.Look(c.Store.Dir)
	if err == nil {
		err = seal.Look(c.Store.Dir, c.MasterKey.Reveal(), held)
	}
	if err != nil {
		faults = append(faults, gateway.Fault{Path: "store.dir", Message: err.Error()})
	}
	return append(Check(c), faults...)
}

// Warnings are what would not keep a configuration from being served, and what somebody
// should know of it all the same.
func Warnings(c *configs.Config) []gateway.Fault {
	_, warnings := opensCertificate(&c.Public)
	file := fileOf(c)
	tenants, _ := directory.CompileFile(file.Tenants, file.Compile) // it has been checked
	routes, _ := directory.CompileRoutes(file.Routes, file.Compile)
	return append(append(c.UnknownVariables(), warnings...), directory.WholeInFile(tenants, routes)...)
}

func opensCertificate(p *configs.Public) (faults, warnings []gateway.Fault) {
	if p.TLS.Cert == "" || p.TLS.Key == "" {
		return nil, nil
	}
	host := ""
	if u, err := url.Parse(p.URL); err == nil && u.Scheme == "https" {
		host = u.Hostname()
	}
	for _, f := range server.CheckCertificate(p.TLS.Cert, p.TLS.Key, host, time.Now()) {
		fault := gateway.Fault{Path: "public.tls.cert", Message: f.Message}
		if f.OfKey {
			fault.Path = "public.tls.key"
		}
		if f.Warning {
			warnings = append(warnings, fault)
		} else {
			faults = append(faults, fault)
		}
	}
	return faults, warnings
}

// samePort tells whether two listeners could not both be bound: they have one port, and
// one of them takes it on every address, or both on the same.
func samePort(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	return errA == nil && errB == nil && portA == portB && portA != "0" && (hostA == hostB || everywhere(hostA) || everywhere(hostB))
}

func everywhere(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }
