package resources

import (
	"fmt"
	"testing"
	"time"

	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// Of too many spent links the oldest of the tree that has most are forgotten, a few at a time.
func TestSpentLinksAreBounded(t *testing.T) {
	now := time.Now()
	r := &Logins{links: map[token.Digest]*linkRecord{}, unused: shares.New(mostLinks)}
	for i := range mostSpent + 3 {
		l := &linkRecord{id: fmt.Sprintf("%06d", i), Root: "many", Used: true, ExpiresAt: gateway.At(now)}
		if i < 100 {
			l.Root = "rival"
		}
		l.secret = token.Hash(l.id)
		r.links[l.secret] = l
	}
	forget := r.linksOver(now, 2)
	if len(forget) != 2 || forget[0].id != "000100" || forget[1].id != "000101" {
		t.Errorf("%d are forgotten: %+v", len(forget), forget)
	}
	if forget = r.linksOver(now, 8); len(forget) != 3 || forget[2].id != "000102" {
		t.Errorf("with room %d are forgotten", len(forget))
	}
}
