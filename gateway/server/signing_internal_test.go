package server

import (
	"crypto"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway/shares"
)

// slowKey takes a second for a signature, and notes whose it was.
type slowKey struct{ signed *[]string }

func (slowKey) Public() crypto.PublicKey { return nil }

func (k slowKey) Sign(_ io.Reader, whose []byte, _ crypto.SignerOpts) ([]byte, error) {
	time.Sleep(time.Second)
	*k.signed = append(*k.signed, string(whose))
	return whose, nil
}

type connOf struct {
	net.Conn
	address string
}

func (c connOf) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.address))
}

// Who asks for one handshake does not wait for the thousand of somebody else: 4,000 that sent a hello
// and nothing more, 2 MB, kept everybody from a listener of TLS for twenty seconds.
func TestHandshakesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var signed []string
		own := &tls.Certificate{PrivateKey: slowKey{&signed}}
		s := signing{shares.NewTurns(1, mostSigning, signingPatience).Each(1)}
		var refused atomic.Int64
		handshake := func(address, whose string) {
			with := s.certificate(own, &tls.ClientHelloInfo{Conn: connOf{address: address}})
			go func() {
				if _, err := with.PrivateKey.(crypto.Signer).Sign(nil, []byte(whose), nil); err != nil {
					refused.Add(1)
				}
			}()
		}
		for range 30 {
			handshake("203.0.113.7:4000", "many")
		}
		synctest.Wait()
		handshake("203.0.113.8:4000", "neighbour") // of the same block
		handshake("198.51.100.1:4000", "one")
		time.Sleep(time.Minute)
		synctest.Wait()
		if at := slices.Index(signed, "one"); at < 0 || at > 1 {
			t.Errorf("the one handshake of others comes as number %d: %v", at, signed)
		}
		if gaveUp := refused.Load(); int64(len(signed))+gaveUp != 32 || gaveUp == 0 || len(signed) > 12 {
			t.Errorf("%d were signed, %d gave up: want those to give up that waited for %s", len(signed), gaveUp, signingPatience)
		}
	})
}
