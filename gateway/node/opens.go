package node

import (
	"net"
	"net/url"
	"time"

	"hookgate/auth/seal"
	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/keeping"
	"hookgate/gateway/server"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/store/pgstore"
)

// CheckAll is Check, and what serve would find wrong with what it opens before it can
// serve: the files of the certificate, the data folder and its key, the addresses. It
// opens them as they are now and changes nothing: a hookgate that runs on the same folder
// does not notice.
func CheckAll(c *configs.Config) []gateway.Fault {
	faults, _ := opensCertificates(c)
	if samePort(c.Public.Addr, c.Internal.Addr) {
		faults = append(faults, gateway.Fault{Path: "internal.addr", Message: "is the address of the public listener too: each has its own"})
	}
	if c.Console.Addr != "" && (samePort(c.Console.Addr, c.Internal.Addr) || samePort(c.Console.Addr, c.Public.Addr)) {
		faults = append(faults, gateway.Fault{Path: "console.addr", Message: "is the address of another listener too: each has its own"})
	}
	return append(append(Check(c), faults...), opensStore(c)...)
}

// opensStore looks at a data folder and its key. Of a database only the form of its URL is
// looked at, as of all that is asked for over the network.
func opensStore(c *configs.Config) []gateway.Fault {
	if c.Store.Driver == configs.DriverPostgres {
		path := "store.url"
		if c.Store.URLFile != "" {
			path = "store.url_file"
		}
		url, err := c.Store.Database()
		if err == nil {
			err = pgstore.CheckURL(url)
		}
		return faultOf(path, err)
	}
	held, err := pebblestore.Look(c.Store.Dir)
	if err == nil {
		err = keeping.Whole(c.Store.Dir)
	}
	if err == nil {
		err = seal.Look(c.Store.Dir, c.MasterKey.Reveal(), held)
	}
	return faultOf("store.dir", err)
}

func faultOf(path string, err error) []gateway.Fault {
	if err == nil {
		return nil
	}
	return []gateway.Fault{{Path: path, Message: err.Error()}}
}

// Warnings are what would not keep a configuration from being served, and what somebody
// should know of it all the same.
func Warnings(c *configs.Config) []gateway.Fault {
	_, warnings := opensCertificates(c)
	tenants, routes := compiledFile(c) // it has been checked
	return append(append(c.UnknownVariables(), warnings...), directory.WholeInFile(tenants, routes)...)
}

// opensCertificates looks at the certificates of both listeners.
func opensCertificates(c *configs.Config) (faults, warnings []gateway.Fault) {
	host := ""
	if u, err := url.Parse(c.Public.URL); err == nil && u.Scheme == "https" {
		host = u.Hostname()
	}
	for _, one := range []struct{ place, cert, key, host string }{
		{"public.tls", c.Public.TLS.Cert, c.Public.TLS.Key, host}, {"internal.tls", c.Internal.TLS.Cert, c.Internal.TLS.Key, ""},
	} {
		if one.cert == "" || one.key == "" {
			continue
		}
		for _, f := range server.CheckCertificate(one.cert, one.key, one.host, time.Now()) {
			fault := gateway.Fault{Path: one.place + ".cert", Message: f.Message}
			if f.OfKey {
				fault.Path = one.place + ".key"
			}
			if f.Warning {
				warnings = append(warnings, fault)
			} else {
				faults = append(faults, fault)
			}
		}
	}
	if ca := c.Internal.TLS.ClientCA; ca != "" {
		if message := server.CheckAuthorities(ca); message != "" {
			faults = append(faults, gateway.Fault{Path: "internal.tls.client_ca", Message: message})
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
