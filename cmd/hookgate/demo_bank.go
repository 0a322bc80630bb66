package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
)

// demoBank is the made-up payment provider's other side: the API that flow steps
// ask. It knows what it was asked for: a webhook that renders something else is
// found out.
type demoBank struct {
	mux *http.ServeMux

	mu       sync.Mutex
	payments map[string]demoOrder // by id
}

// demoOrder is a payment as the flow step asked for it.
type demoOrder struct {
	Chat   string
	Amount int
}

func newDemoBank() *demoBank {
	b := &demoBank{mux: http.NewServeMux(), payments: make(map[string]demoOrder)}
	b.mux.HandleFunc("GET /bank/accounts/{chat}", b.account)
	b.mux.HandleFunc("POST /bank/payments", b.create)
	return b
}

// ServeHTTP answers one call.
func (b *demoBank) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	b.mux.ServeHTTP(w, req)
}

func (b *demoBank) account(w http.ResponseWriter, req *http.Request) {
	_, _ = fmt.Fprintf(w, `{"account":{"owner":%q,"currency":%q,"balance":%d}}`,
		req.PathValue("chat"), req.URL.Query().Get("currency"), demoBalance(req.PathValue("chat")))
}

// demoBalance is what a chat's owner has, in cents.
func demoBalance(chat string) int { return 10_000 + 137*int(chat[len(chat)-1]) }

func (b *demoBank) create(w http.ResponseWriter, req *http.Request) {
	var order demoOrder
	if err := json.NewDecoder(http.MaxBytesReader(w, req.Body, 1<<20)).Decode(&order); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	id := "pay_" + rand.Text()[:12]
	b.mu.Lock()
	b.payments[id] = order
	b.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
	_, _ = fmt.Fprintf(w, `{"payment":{"id":%q,"state":"open"}}`, id)
}

// ordered gives a payment that a flow step has asked for.
func (b *demoBank) ordered(id string) demoOrder {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.payments[id]
}

// demoCall is what the platform reads of a call.
type demoCall struct {
	Outcome, Reason string
	Variables       struct {
		Balance  int
		Currency string
		Payment  string
	}
	WaitID string `json:"wait_id"`
}

// call runs a webhook as a step of the chat.
func (c *demoChat) call(ctx context.Context, webhook, body string) (*demoCall, error) {
	text, err := c.platform.call(ctx, http.MethodPost, "/webhooks/"+webhook+"/call", body, http.StatusOK)
	if err != nil {
		return nil, err
	}
	call := &demoCall{}
	if err := json.Unmarshal(text, call); err != nil {
		return nil, err
	}
	if call.Outcome != "success" {
		return nil, fmt.Errorf("the call of %s is a %s: %s", webhook, call.Outcome, call.Reason)
	}
	return call, nil
}

// tellLookup: a step asks the bank, and goes on with a variable.
func tellLookup(ctx context.Context, c *demoChat) error {
	call, err := c.call(ctx, "balance", fmt.Sprintf(`{"conversation_key":%q,"variables":{"currency":"eur"}}`, c.key))
	if err != nil {
		return err
	}
	if v := call.Variables; v.Balance != demoBalance(c.key) || v.Currency != "EUR" {
		return fmt.Errorf("the call was mapped to %+v", v)
	}
	c.say("called", "balance: the bank's answer became a variable, %s", euros(call.Variables.Balance))
	return nil
}

// tellCharge: a step makes a payment and waits for it; the provider knows the
// payment's id alone.
func tellCharge(ctx context.Context, c *demoChat) error {
	call, err := c.call(ctx, "charge", fmt.Sprintf(
		`{"conversation_key":%q,"variables":{"amount":%d},"wait":{"source":"payments","timeout_seconds":30,"alias_path":"payment.id"}}`, c.key, c.amount))
	if err != nil {
		return err
	}
	payment := call.Variables.Payment
	if order := c.bank.ordered(payment); order != (demoOrder{c.key, c.amount}) {
		return fmt.Errorf("the bank was asked for %+v", order)
	}
	c.say("called", "charge: %s of %s, the chat waits for it", payment, c.money())
	if err := c.pause(ctx); err != nil {
		return err
	}
	held := c.platform.hold(ctx, call.WaitID)
	if err := c.send(ctx, newDemoPayment("payment.succeeded", payment, c.amount), "resumed"); err != nil {
		return err
	}
	ended := <-held
	return c.resumed(ended.wait, ended.err, "named "+payment+" alone")
}
