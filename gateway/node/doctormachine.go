package node

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"hookgate/auth/seal"
	"hookgate/configs"
	"hookgate/gateway/directory"
	"hookgate/gateway/server"
	"hookgate/gateway/store/pebblestore"
)

// Bounds of what Doctor is content with.
const (
	slowSync  = 50 * time.Millisecond // each promise waits for one
	fewFiles  = 8192                  // half of them are connections
	roomTimes = 8                     // so many times what writes are refused below
)

func (d *doctor) disk() {
	const check = "disk"
	disk, err := pebblestore.Measure(d.config.Store.Dir)
	if err != nil {
		d.add(check, SeverityError, "give the process a folder that it may write", "store.dir: %s", err)
		return
	}
	switch free := text(disk.Free); {
	case disk.Free <= disk.Least:
		d.add(check, SeverityError, "make room, or set store.dir to a larger disk", "%s are free, and below %s nothing is taken", free, text(disk.Least))
	case disk.Free < roomTimes*disk.Least:
		d.add(check, SeverityWarning, "make room, or set store.dir to a larger disk", "%s are free, and below %s nothing is taken", free, text(disk.Least))
	}
	if disk.Sync > slowSync {
		d.add(check, SeverityWarning, "use a disk that is quicker to sync: each answer of 2xx waits for one", "a small write takes %s to be durable", disk.Sync.Round(time.Millisecond))
	}
	d.ok(check, "%s are free, a small write is durable in %s", text(disk.Free), disk.Sync.Round(10*time.Microsecond))
}

func text(bytes uint64) string {
	const mib = 1 << 20
	if bytes >= 1024*mib {
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1024*mib))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/mib)
}

func (d *doctor) descriptors() {
	const check = "files"
	n := server.OpenFiles()
	if n > 0 && n < fewFiles {
		d.add(check, SeverityWarning, "raise the limit of open files: ulimit -n, LimitNOFILE=", "this process may have %d files open: connections are few", n)
	}
	if n == 0 {
		d.ok(check, "there is no limit of open files")
	}
	d.ok(check, "this process may have %d files open", n)
}

// ports binds what serve would bind, and leaves it again.
func (d *doctor) ports() {
	const check = "ports"
	for _, one := range []struct{ place, addr string }{{"public.addr", d.config.Public.Addr}, {"internal.addr", d.config.Internal.Addr}} {
		ln, err := net.Listen("tcp", one.addr)
		if err == nil {
			err = ln.Close()
		}
		if err != nil {
			d.add(check, SeverityError, "stop who has it, or set another address; a hookgate that runs here has its own, and so has hookgate.socket", "%s: %s cannot be listened on: %s", one.place, one.addr, inner(err))
		}
	}
	d.ok(check, "%s and %s are free", d.config.Public.Addr, d.config.Internal.Addr)
}

func inner(err error) error {
	if op, is := errors.AsType[*net.OpError](err); is {
		return op.Err
	}
	return err
}

// key looks at who can read the master key; whether it is the right one is found with the
// configuration.
func (d *doctor) key() {
	const check = "key"
	if d.config.MasterKey == "" && seal.Loose(d.config.Store.Dir) {
		d.add(check, SeverityWarning, "chmod 600 master.key", "others on this machine may read the master key in %s", d.config.Store.Dir)
	}
	d.ok(check, "the master key is this process's alone, or is made at the first start")
}

// compiledFile gives what the file says of resources; what has mistakes is left out.
func compiledFile(c *configs.Config) ([]*directory.Tenant, []*directory.Route) {
	file := fileOf(c)
	tenants, _ := directory.CompileFile(file.Tenants, file.Compile)
	routes, _ := directory.CompileRoutes(file.Routes, file.Compile)
	return tenants, routes
}

func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return host
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
