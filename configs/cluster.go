package configs

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// Cluster is how the nodes on one database reach each other (SPEC-cluster K1, K5).
type Cluster struct {
	// Advertise is the host:port at which other nodes reach this one; "": that of Listen. A
	// port of 0 is the one that was bound. See Reached.
	Advertise string `json:"advertise"`
	// Secret is what nodes prove themselves by, and Secrets several of them: all are taken
	// from others, the first one is shown.
	Secret  gateway.Secret   `json:"secret"`
	Secrets []gateway.Secret `json:"secrets"`
	Listen  string           `json:"listen"` // of a listener for nodes alone; "": the internal one answers them
}

const (
	minClusterSecret, maxClusterSecret = 16, 1024 // bytes
	maxClusterSecrets                  = 4
)

func (c *Config) checkCluster(f *faults) {
	k := &c.Cluster
	if c.Store.Driver != DriverPostgres {
		for _, key := range []struct {
			name string
			set  bool
		}{
			{"advertise", k.Advertise != ""}, {"secret", k.Secret != ""}, {"secrets", len(k.Secrets) > 0}, {"listen", k.Listen != ""},
		} {
			f.unless(!key.set, "cluster."+key.name, "is for store.driver postgres only: on a folder there is one node")
		}
		return
	}
	if k.Listen != "" {
		f.text("cluster.listen", addressFault(k.Listen))
	}
	f.text("cluster.advertise", c.advertiseFault())
	f.unless(k.Secret == "" || len(k.Secrets) == 0, "cluster.secrets", "stands beside secret: leave one of them out")
	f.unless(len(k.Secrets) <= maxClusterSecrets, "cluster.secrets", "must have at most %d: the new one, and those that it replaces", maxClusterSecrets)
	if k.Secret != "" {
		f.text("cluster.secret", clusterSecretFault(k.Secret))
	}
	for i, secret := range k.Secrets {
		f.text(fields.Index("cluster.secrets", i), clusterSecretFault(secret))
	}
	reached := k.Reached()
	if reached == "" {
		reached = c.peersAt()
	}
	f.unless(len(k.All()) > 0 || isLoopback(reached), "cluster.secret", "must be set where other machines reach this node: nodes prove themselves by it, `openssl rand -base64 %d` makes one", keyBytes)
}

// advertiseFault says what is wrong with the address at which others reach this node.
func (c *Config) advertiseFault() string {
	k := &c.Cluster
	if k.Advertise == "" {
		at := c.peersAt()
		if host, _, err := net.SplitHostPort(at); err == nil && (isLoopback(at) || isWildcard(host)) {
			return "must be set to the host:port at which other nodes reach this one: " + at + ", where it listens, is not reached from other machines (nodes on one machine name it all the same)"
		}
		return ""
	}
	host, port, err := net.SplitHostPort(k.Reached())
	if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 0 || n > 65535 || isWildcard(host) {
		return "must be a host:port that other nodes can connect to, such as 10.0.0.7:8081"
	}
	return ""
}

// Reached is Advertise as others dial it. An address of IPv6 may be written without its brackets,
// for whoever starts a container knows its address and not of which kind it is: behind the last
// colon is the port, which is always there.
func (k *Cluster) Reached() string {
	at := strings.LastIndexByte(k.Advertise, ':')
	if at < 0 {
		return k.Advertise
	}
	if a, err := netip.ParseAddr(k.Advertise[:at]); err == nil && a.Is6() {
		return net.JoinHostPort(a.String(), k.Advertise[at+1:])
	}
	return k.Advertise
}

// peersAt is where other nodes are listened to.
func (c *Config) peersAt() string {
	if c.Cluster.Listen != "" {
		return c.Cluster.Listen
	}
	return c.Internal.Addr
}

func clusterSecretFault(s gateway.Secret) string {
	if n := len(s.Reveal()); n < minClusterSecret || n > maxClusterSecret {
		return "must have " + strconv.Itoa(minClusterSecret) + " to " + strconv.Itoa(maxClusterSecret) + " bytes"
	}
	return ""
}

// All gives the secrets, the one that is shown first.
func (k *Cluster) All() []gateway.Secret {
	if k.Secret != "" {
		return []gateway.Secret{k.Secret}
	}
	return k.Secrets
}

func isWildcard(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "" || err == nil && a.IsUnspecified()
}

// isLoopback says whether only this machine reaches an address.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	a, bad := netip.ParseAddr(host)
	return err == nil && (host == "localhost" || bad == nil && a.IsLoopback())
}

// delayDrain gives a node on a database time to be noticed by balancers: others take the requests
// that come no more to it. The only node there is has none that would.
func (c *Config) delayDrain(d *document) {
	if _, said := d.places["drain.delay"]; !said && c.Store.Driver == DriverPostgres {
		c.Drain.Delay = gateway.Duration(ClusterDelay)
	}
}
