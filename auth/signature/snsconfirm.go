package signature

import (
	"net/http"
	"strings"
)

// handshake confirms a subscription to our topic, by a GET of the URL that the signed
// message names (docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html). That
// one ended is only heard: to ask its URL would begin it again.
func (p *ofTopic) handshake() handshake {
	return handshake{
		asked: func(r *Request) bool {
			kind, n := r.Header.Get(snsKind)
			return n == 1 && (string(kind) == snsSubscribe || string(kind) == snsUnsubscribe)
		},
		answer: func(r *Request) (Answer, bool) {
			m, _ := readSNS(r.Body) // it was verified
			if m.kind == snsUnsubscribe {
				return Answer{Status: http.StatusOK}, true
			}
			if !isSubscribeURL(m.subscribe) || p.certificates.confirm(m.subscribe, p.allowance, r) != nil {
				return Answer{Status: http.StatusServiceUnavailable, Header: [][2]string{{"Retry-After", "5"}}}, true
			}
			return Answer{Status: http.StatusOK}, true
		},
	}
}

// isSubscribeURL tells whether url asks SNS to confirm: the host by the rule of
// certificates, no path, and a query of nothing that could end it.
func isSubscribeURL(url string) bool {
	host := snsHost.FindString(url)
	query, asks := strings.CutPrefix(url[len(host):], "?Action=ConfirmSubscription&")
	return host != "" && asks && len(url) <= subscribeURLLength && isPlain(query, "-_.~%=&:+*")
}

const subscribeURLLength = 2048
