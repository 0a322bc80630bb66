package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"time"

	"hookgate/auth/signature"
)

// demoProvider is the made-up payment provider: it signs what it sends.
type demoProvider struct {
	url            string
	signer, forger *signature.Signer
}

func newDemoProvider(secret string) (p *demoProvider, err error) {
	p = &demoProvider{}
	if p.signer, err = newDemoSigner(secret); err != nil {
		return nil, err
	}
	p.forger, err = newDemoSigner(signature.NewSecret())
	return p, err
}

func newDemoSigner(secret string) (*signature.Signer, error) {
	s, faults := signature.CompileSigner(signature.Config{Type: "standard", Secrets: []string{secret}})
	if len(faults) > 0 {
		return nil, fmt.Errorf("signature of callbacks: %v", faults)
	}
	return s, nil
}

// demoPayment is one callback.
type demoPayment struct {
	id     string // the same when it is sent again
	body   []byte
	forged bool // signed with another secret
}

func newDemoPayment(kind, key string, amount int) demoPayment {
	return demoPayment{
		id:   "pay_" + rand.Text()[:8],
		body: fmt.Appendf(nil, `{"type":%q,"conversation_key":%q,"amount":%d}`, kind, key, amount),
	}
}

// send sends a callback and gives its outcome.
func (p *demoProvider) send(ctx context.Context, c demoPayment) (outcome string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(c.body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	signer := p.signer
	if c.forged {
		signer = p.forger
	}
	signer.Sign(signature.Message{ID: c.id, At: time.Now(), Body: c.body}, func(name string, value []byte) {
		req.Header.Set(name, string(value))
	})
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	return res.Header.Get("Hookgate-Outcome"), res.Body.Close()
}
