package server

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// Socket is one that a service manager has bound and listens on, and goes on listening on
// while no process serves it: who connects during a restart waits for the next process
// instead of being refused.
type Socket struct {
	// Name is FileDescriptorName= of the unit: public, internal or console says whose it
	// is. Any other (systemd's default is the unit's name) leaves that to the address.
	Name     string
	Listener *net.TCPListener
}

// firstSocket is the descriptor of the first (SD_LISTEN_FDS_START of sd_listen_fds(3)).
const firstSocket = 3

// Sockets takes the sockets that were passed to this process (sd_listen_fds(3): LISTEN_PID,
// LISTEN_FDS, LISTEN_FDNAMES), and those variables out of its environment: they are taken
// once. None is no error.
func Sockets() (sockets []Socket, err error) {
	pid, count, names := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS"), os.Getenv("LISTEN_FDNAMES")
	if pid != strconv.Itoa(os.Getpid()) {
		return nil, nil // they are another's: this environment was handed down
	}
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		err = errors.Join(err, os.Unsetenv(name))
	}
	n, bad := strconv.Atoi(count)
	if bad != nil || n < 0 || err != nil {
		return nil, errors.Join(fmt.Errorf("LISTEN_FDS is %q: it is a number of sockets", count), err)
	}
	named := strings.Split(names, ":")
	for i := range n {
		one := Socket{Name: "LISTEN_FD_" + strconv.Itoa(firstSocket+i)} // the name of sd_listen_fds_with_names(3) is "unknown"
		if i < len(named) {
			one.Name = cmp.Or(named[i], one.Name)
		}
		if one.Listener, bad = listenerOf(firstSocket+i, one.Name); bad != nil {
			err = errors.Join(err, bad)
			continue
		}
		sockets = append(sockets, one)
	}
	if err != nil {
		return nil, errors.Join(err, closeSockets(sockets))
	}
	return sockets, nil
}

func listenerOf(descriptor int, name string) (*net.TCPListener, error) {
	file := os.NewFile(uintptr(descriptor), name)
	defer func() { _ = file.Close() }() // FileListener has one of its own, that no child inherits
	ln, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("socket %s, passed by the service manager, cannot be listened on: write ListenStream= in its unit: %w", name, err)
	}
	tcp, is := ln.(*net.TCPListener)
	if !is {
		return nil, errors.Join(fmt.Errorf("socket %s, passed by the service manager, is %s %s: write host:port or a port as ListenStream=", name, ln.Addr().Network(), ln.Addr()), ln.Close())
	}
	return tcp, nil
}

func closeSockets(sockets []Socket) (err error) {
	for _, one := range sockets {
		err = errors.Join(err, one.Listener.Close())
	}
	return err
}

// assign gives each socket to its listener. One that is nobody's is an error: who connects to
// it would wait for ever.
func (s *Server) assign(sockets []Socket) error {
	for _, socket := range sockets {
		one := s.whose(socket)
		if one == nil {
			return fmt.Errorf("socket %s, passed by the service manager, listens on %s, which is no address of the configuration (%s): write the same in ListenStream= and there, or FileDescriptorName= with the listener's name",
				socket.Name, socket.Listener.Addr(), s.addresses())
		}
		if one.passed != nil {
			return fmt.Errorf("sockets on %s and %s, passed by the service manager, are both the %s listener's: it has one", one.passed.Addr(), socket.Listener.Addr(), one.name)
		}
		one.passed = socket.Listener
	}
	return nil
}

// whose finds the listener by the name of a socket, else by its address; nil: there is none.
func (s *Server) whose(socket Socket) *side {
	switch socket.Name {
	case Public, Internal, Console, Cluster:
		for _, one := range s.sides() {
			if one.name == socket.Name {
				return one
			}
		}
		return nil
	}
	at, is := socket.Listener.Addr().(*net.TCPAddr)
	for _, one := range s.sides() {
		wanted, err := net.ResolveTCPAddr("tcp", one.addr)
		if is && err == nil && wanted.Port == at.Port && (wanted.IP.Equal(at.IP) || anywhere(wanted.IP) && anywhere(at.IP)) {
			return one
		}
	}
	return nil
}

// anywhere reports whether an address is all of this machine's: no IP is what ":8080" says.
func anywhere(ip net.IP) bool { return ip == nil || ip.IsUnspecified() }

func (s *Server) addresses() string {
	var all []string
	for _, one := range s.sides() {
		all = append(all, one.name+".addr is "+one.addr)
	}
	return strings.Join(all, ", ")
}
