package peers

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"time"

	"hookgate/gateway"
)

// Prefix is what the paths of nodes begin with.
const Prefix = "/cluster/"

// scheme is that of the field Authorization.
const scheme = "Hookgate-Peer "

// maxSkew is how far the clocks of two nodes may be apart, in either direction.
const maxSkew = 30 * time.Second

// credential is what a request shows of who has made it. All of it is under the MAC, and so
// are the method and the path.
type credential struct {
	from, to string // nodes
	verb     string
	at       time.Time // by the clock of who asks, in milliseconds
	session  uint64    // of a process, with one address: random
	number   uint64    // of the request in it, rising from 1
	digest   [sha256.Size]byte
	mac      [sha256.Size]byte
}

// key is a secret as it is used.
type key [sha256.Size]byte

// keysOf makes keys of the secrets that an operator wrote; the first one signs.
func keysOf(secrets []string) (keys []key) {
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = mac.Write([]byte("hookgate: nodes of a cluster")) // a hash takes all
		keys = append(keys, key(mac.Sum(nil)))
	}
	return keys
}

// append appends the credential as the field Authorization has it, but for the MAC.
func (c *credential) append(dst []byte) []byte {
	dst = append(append(dst, scheme+"from="...), c.from...)
	dst = append(append(dst, ",to="...), c.to...)
	dst = append(append(dst, ",verb="...), c.verb...)
	dst = strconv.AppendInt(append(dst, ",at="...), c.at.UnixMilli(), 10)
	dst = strconv.AppendUint(append(dst, ",session="...), c.session, 16)
	dst = strconv.AppendUint(append(dst, ",number="...), c.number, 10)
	return hex.AppendEncode(append(dst, ",digest="...), c.digest[:])
}

// sign appends the credential with its MAC.
func (c *credential) sign(dst []byte, k *key) []byte {
	from := len(dst)
	dst = c.append(dst)
	c.mac = macOf(k, c.verb, dst[from:])
	return hex.AppendEncode(append(dst, ",mac="...), c.mac[:])
}

// macOf is the MAC of a request.
func macOf(k *key, verb string, written []byte) [sha256.Size]byte {
	mac := hmac.New(sha256.New, k[:])
	say(mac, "POST\n"+Prefix, verb, "\n")
	_, _ = mac.Write(written) // a hash takes all
	return [sha256.Size]byte(mac.Sum(nil))
}

// proofOf is the MAC of an answer to a request.
func proofOf(k *key, request *[sha256.Size]byte, status int, answer []byte) (text []byte) {
	digest := sha256.Sum256(answer)
	mac := hmac.New(sha256.New, k[:])
	say(mac, "answer\n", strconv.Itoa(status), "\n")
	_, _ = mac.Write(request[:])
	_, _ = mac.Write(digest[:])
	return hex.AppendEncode(nil, mac.Sum(nil))
}

func say(to hash.Hash, parts ...string) {
	for _, part := range parts {
		_, _ = to.Write([]byte(part)) // a hash takes all
	}
}

// Comes tells whether the field Authorization of a request is that of a node that has the
// secret, and comes for the first time; and for which verbs: 0, or those of a call of Apart. It is
// asked once a request, when its head has come, and says nothing of its body.
func (p *Peers) Comes(authorization []byte) (group int, is bool) {
	c, _, err := p.read(authorization)
	if err != nil || c.to != p.options.Self() || !p.numbers.comes(c.session, c.number, p.options.Now()) {
		return 0, false
	}
	return p.apart[c.verb], true
}

// read judges the field Authorization, and gives by which key it is sound.
func (p *Peers) read(field []byte) (c *credential, by *key, err *gateway.Error) {
	c, signed, ok := parse(field)
	if !ok {
		return nil, nil, errNoPeer
	}
	for i := range p.keys {
		if mac := macOf(&p.keys[i], c.verb, signed); hmac.Equal(mac[:], c.mac[:]) {
			by = &p.keys[i]
			break
		}
	}
	if by == nil {
		return nil, nil, errWrongSecret
	}
	if apart := p.options.Now().Sub(c.at); apart > maxSkew || apart < -maxSkew {
		return nil, nil, gateway.Errorf(gateway.CodeUnauthenticated, "the clocks of two nodes are %s apart, %s at most are allowed: set them by NTP", apart.Round(time.Second).Abs(), maxSkew)
	}
	return c, by, nil
}

var (
	errNoPeer      = gateway.Errorf(gateway.CodeUnauthenticated, "nodes of the cluster alone may ask here")
	errWrongSecret = gateway.Errorf(gateway.CodeUnauthenticated, "the request was signed with another cluster.secret than those of this node, or changed on its way")
)

// parse takes the field apart; signed is what the MAC is over.
func parse(field []byte) (c *credential, signed []byte, ok bool) {
	rest, is := bytes.CutPrefix(field, []byte(scheme))
	if !is || len(field) > 1<<10 {
		return nil, nil, false
	}
	var values [8][]byte
	for i, name := range [...]string{"from=", "to=", "verb=", "at=", "session=", "number=", "digest=", "mac="} {
		if rest, is = bytes.CutPrefix(rest, []byte(name)); !is {
			return nil, nil, false
		}
		if i == len(values)-1 {
			values[i] = rest
			break
		}
		if values[i], rest, is = bytes.Cut(rest, []byte(",")); !is {
			return nil, nil, false
		}
	}
	c = &credential{from: string(values[0]), to: string(values[1]), verb: string(values[2])}
	at, err1 := strconv.ParseInt(string(values[3]), 10, 64)
	session, err2 := strconv.ParseUint(string(values[4]), 16, 64)
	number, err3 := strconv.ParseUint(string(values[5]), 10, 64)
	c.at, c.session, c.number = time.UnixMilli(at), session, number
	if err1 != nil || err2 != nil || err3 != nil || !unhex(&c.digest, values[6]) || !unhex(&c.mac, values[7]) {
		return nil, nil, false
	}
	return c, field[:len(field)-len(",mac=")-len(values[7])], true
}

func unhex(to *[sha256.Size]byte, text []byte) bool {
	if len(text) != 2*len(to) {
		return false
	}
	_, err := hex.Decode(to[:], text)
	return err == nil
}
