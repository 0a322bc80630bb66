package transport

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// names is a name server of the test's own: each name has a list of answers, one
// for each time that it is asked for (the last repeats).
type names struct {
	mu      sync.Mutex
	answers map[string][]answer
	asked   map[string]int // lookups, counted by their question for an A record
}

type answer struct {
	cname string
	addrs []string
}

// nameServer starts the server and gives a resolver that asks it alone.
func nameServer(t *testing.T, answers map[string][]answer) (*names, *net.Resolver) {
	t.Helper()
	n := &names{answers: answers, asked: map[string]int{}}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.serve(conn)
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return n, &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (n *names) lookups(name string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked[name]
}

func (n *names) serve(conn net.PacketConn) {
	buf := make([]byte, 1500)
	for {
		size, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		if reply := n.reply(buf[:size]); reply != nil {
			_, _ = conn.WriteTo(reply, from)
		}
	}
}

const (
	typeA     = 1
	typeCNAME = 5
	typeAAAA  = 28
)

// reply answers one question (RFC 1035, 4).
func (n *names) reply(query []byte) []byte {
	if len(query) < 12 {
		return nil
	}
	name, rest := readName(query[12:])
	if len(rest) < 4 {
		return nil
	}
	kind := binary.BigEndian.Uint16(rest)
	question := query[12 : len(query)-len(rest)+4]
	found, ok := n.next(name, kind)

	reply := append([]byte{}, query[:2]...)
	flags := uint16(0x8580) // an authoritative answer; recursion is there
	if !ok {
		flags |= 3 // no such name
	}
	reply = binary.BigEndian.AppendUint16(reply, flags)
	reply = append(reply, 0, 1, 0, 0, 0, 0, 0, 0)
	reply = append(reply, question...)
	count := uint16(0)
	record := func(owner string, kind uint16, data []byte) {
		count++
		reply = appendName(reply, owner)
		reply = binary.BigEndian.AppendUint16(reply, kind)
		reply = append(reply, 0, 1, 0, 0, 0, 0) // IN, TTL 0
		reply = binary.BigEndian.AppendUint16(reply, uint16(len(data)))
		reply = append(reply, data...)
	}
	if found.cname != "" {
		record(name, typeCNAME, appendName(nil, found.cname))
		name = found.cname
	}
	for _, text := range found.addrs {
		switch addr := netip.MustParseAddr(text); {
		case addr.Is4() && kind == typeA:
			record(name, typeA, addr.AsSlice())
		case addr.Is6() && kind == typeAAAA:
			record(name, typeAAAA, addr.AsSlice())
		}
	}
	binary.BigEndian.PutUint16(reply[6:], count)
	return reply
}

// next gives the answer that is due. A resolver asks for A and AAAA side by
// side, so each kind of question has a count of its own.
func (n *names) next(name string, kind uint16) (answer, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	list, ok := n.answers[name]
	if !ok || len(list) == 0 {
		return answer{}, ok
	}
	key := name
	if kind == typeAAAA {
		key += " AAAA"
	}
	i := min(n.asked[key], len(list)-1)
	n.asked[key]++
	return list[i], true
}

func readName(b []byte) (string, []byte) {
	var labels []string
	for len(b) > 0 {
		size := int(b[0])
		if size == 0 || len(b) < size+1 {
			return strings.ToLower(strings.Join(labels, ".")), b[1:]
		}
		labels = append(labels, string(b[1:size+1]))
		b = b[size+1:]
	}
	return "", nil
}

func appendName(dst []byte, name string) []byte {
	for label := range strings.SplitSeq(name, ".") {
		dst = append(dst, byte(len(label)))
		dst = append(dst, label...)
	}
	return append(dst, 0)
}
