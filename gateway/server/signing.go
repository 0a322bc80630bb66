package server

import (
	"crypto"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"time"

	"hookgate/gateway/shares"
)

// A handshake costs the listener a signature: a millisecond of a processor for a key of RSA, and
// whoever asks for it half a kilobyte, and no credential. All but one processor sign at once, and who
// asks a thousand times comes after the first of everybody else's.
const (
	mostSigning     = 1 << 16 // of one block of addresses that wait
	signingPatience = 10 * time.Second
)

// signing is the turns at signing of one listener, by blocks of client addresses.
type signing struct{ turns *shares.Turns }

func newSigning() signing {
	at := max(1, runtime.GOMAXPROCS(0)-1)
	return signing{shares.NewTurns(at, mostSigning, signingPatience).Each(at)}
}

// certificate gives a certificate for one handshake, whose key signs when it is its turn.
func (s signing) certificate(own *tls.Certificate, hello *tls.ClientHelloInfo) *tls.Certificate {
	key, is := own.PrivateKey.(crypto.Signer)
	if !is {
		return own
	}
	with := *own
	with.PrivateKey = turnKey{key, s.turns, blockOf(hello.Conn)}
	return &with
}

func blockOf(c net.Conn) string {
	if c == nil {
		return ""
	}
	address, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return ""
	}
	return shares.Block(address.Addr()).String()
}

// turnKey is a key that signs in turns.
type turnKey struct {
	crypto.Signer
	turns *shares.Turns
	owner string
}

var errNoTurn = errors.New("too many handshakes of these addresses wait for their signatures")

func (k turnKey) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if !k.turns.Take(k.owner) {
		return nil, errNoTurn
	}
	defer k.turns.Give(k.owner)
	return k.Signer.Sign(rand, digest, opts)
}
