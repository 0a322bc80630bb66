package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// demoChat is one conversation of the demo.
type demoChat struct {
	*demo
	key    string
	amount int // cents
}

// demoStories take turns. The one with the longest way goes first, so that a short
// demo shows all there is.
var demoStories = []func(context.Context, *demoChat) error{
	tellTooLate, tellCharge, tellForged, tellEarly, tellTwice, tellLookup, tellPaid, tellDeclined,
}

// live plays the chat's story between its first event and its last.
func (c *demoChat) live(ctx context.Context, story func(context.Context, *demoChat) error) error {
	if err := c.publish(ctx, "conversation_create", `{"title":"A made-up visitor"}`); err != nil {
		return err
	}
	if err := story(ctx, c); err != nil {
		return err
	}
	return c.publish(ctx, "message", `{"message":{"type":"text","text":"Thank you"}}`)
}

func (c *demoChat) publish(ctx context.Context, kind, payload string) error {
	c.subscriber.expect(1)
	return c.platform.publish(ctx, c.key, kind, payload)
}

// tellPaid: the platform waits, the customer pays, the chat goes on.
func tellPaid(ctx context.Context, c *demoChat) error { return c.pay(ctx, "payment.succeeded") }

// tellDeclined: the flow takes its other branch.
func tellDeclined(ctx context.Context, c *demoChat) error { return c.pay(ctx, "payment.failed") }

func (c *demoChat) pay(ctx context.Context, kind string) error {
	w, err := c.open(ctx, "poll", 30)
	if err != nil {
		return err
	}
	if err := c.pause(ctx); err != nil {
		return err
	}
	return c.payHeld(ctx, w, kind)
}

// payHeld sends the payment while the platform holds its wait.
func (c *demoChat) payHeld(ctx context.Context, w *demoWait, kind string) error {
	held := c.platform.hold(ctx, w.ID)
	if err := c.send(ctx, c.payment(kind), "resumed"); err != nil {
		return err
	}
	ended := <-held
	return c.resumed(ended.wait, ended.err, "its holder has it")
}

// tellEarly: the provider is faster than the flow.
func tellEarly(ctx context.Context, c *demoChat) error {
	if err := c.send(ctx, c.payment("payment.succeeded"), "parked"); err != nil {
		return err
	}
	c.say("parked", "a payment of %s came before its wait, and is kept", c.money())
	if err := c.pause(ctx); err != nil {
		return err
	}
	w, err := c.open(ctx, "poll", 30)
	return c.resumed(w, err, "it was there already")
}

// tellTooLate: the customer leaves, and pays after the flow went on without.
func tellTooLate(ctx context.Context, c *demoChat) error {
	w, err := c.open(ctx, "poll", 1)
	if err != nil {
		return err
	}
	ended := <-c.platform.hold(ctx, w.ID)
	if ended.err != nil {
		return ended.err
	}
	if ended.wait.State != "timed_out" {
		return fmt.Errorf("the wait is %s, not timed_out", ended.wait.State)
	}
	c.say("timed_out", "branch %s: nobody paid, the flow goes on without", ended.wait.Branch)
	if err := c.pause(ctx); err != nil {
		return err
	}
	told := c.platform.expect(c.key)
	if err := c.send(ctx, c.payment("payment.succeeded"), "late"); err != nil {
		return err
	}
	c.say("late", "a payment of %s after all: its sender was answered 410", c.money())
	return c.noticed(ctx, told, "callback.late")
}

// tellTwice: the platform wants a notice, and the provider repeats itself.
func tellTwice(ctx context.Context, c *demoChat) error {
	told := c.platform.expect(c.key)
	if _, err := c.open(ctx, "notify", 30); err != nil {
		return err
	}
	if err := c.pause(ctx); err != nil {
		return err
	}
	p := c.payment("payment.succeeded")
	if err := c.send(ctx, p, "resumed"); err != nil {
		return err
	}
	c.say("resumed", "by a payment of %s; the platform is told by notice", c.money())
	if err := c.noticed(ctx, told, "wait.resumed"); err != nil {
		return err
	}
	if err := c.send(ctx, p, "duplicate"); err != nil {
		return err
	}
	c.say("duplicate", "%s again: answered 200, and nothing changed", p.id)
	return nil
}

// tellForged: somebody who knows the conversation key, but no secret.
func tellForged(ctx context.Context, c *demoChat) error {
	w, err := c.open(ctx, "poll", 30)
	if err != nil {
		return err
	}
	if err := c.pause(ctx); err != nil {
		return err
	}
	forged := c.payment("payment.succeeded")
	forged.forged = true
	if err := c.send(ctx, forged, "unauthenticated"); err != nil {
		return err
	}
	c.say("refused", "a forged payment: answered 401, the wait goes on")
	return c.payHeld(ctx, w, "payment.succeeded")
}

// open opens the chat's wait.
func (c *demoChat) open(ctx context.Context, mode string, seconds int) (*demoWait, error) {
	w, err := c.platform.open(ctx, c.key, mode, seconds)
	if err == nil {
		c.say("waiting", "for a payment of %s, at most %d s", c.money(), seconds)
	}
	return w, err
}

// resumed says how a wait was resumed.
func (c *demoChat) resumed(w *demoWait, err error, how string) error {
	if err != nil {
		return err
	}
	if w.State != "resumed" || w.Variables.Amount != c.amount {
		return fmt.Errorf("the wait is %s with the amount %d, not resumed with %d", w.State, w.Variables.Amount, c.amount)
	}
	c.say("resumed", "branch %s (%s), %s; %s", w.Branch, w.Match, euros(w.Variables.Amount), how)
	return nil
}

// noticed waits for a notice, which is a delivery of its own.
func (c *demoChat) noticed(ctx context.Context, told <-chan string, kind string) error {
	select {
	case got := <-told:
		if got != kind {
			return fmt.Errorf("the platform was told %s, not %s", got, kind)
		}
		c.say("notice", "%s reached the platform, and its signature is good", kind)
		return nil
	case <-time.After(20 * time.Second):
		return fmt.Errorf("the platform was not told %s", kind)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// send sends a callback and wants an outcome.
func (c *demoChat) send(ctx context.Context, p demoPayment, want string) error {
	got, err := c.provider.send(ctx, p)
	if err == nil && got != want {
		err = fmt.Errorf("a callback's outcome is %s, not %s", got, want)
	}
	return err
}

func (c *demoChat) payment(kind string) demoPayment { return newDemoPayment(kind, c.key, c.amount) }

func (c *demoChat) money() string { return euros(c.amount) }

func euros(cents int) string { return fmt.Sprintf("%d.%02d EUR", cents/100, cents%100) }

func (c *demoChat) say(outcome, format string, args ...any) {
	c.screen.line(c.key, outcome, fmt.Sprintf(format, args...))
}

// pause is how long people take.
func (c *demoChat) pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(200*time.Millisecond + rand.N(500*time.Millisecond)):
		return nil
	}
}
