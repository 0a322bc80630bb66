package api_test

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/mapping"
)

// A large body that variables are tried out on waits for its turn, as every large body does: twelve
// at once took the processor from everybody's callbacks.
func TestLargeBodiesAreTriedInTurns(t *testing.T) {
	k := withAcme(t)
	held := make([]mapping.Values, max(1, runtime.GOMAXPROCS(0)/2))
	for i := range held {
		if err := held[i].Hold(fmt.Sprint("other-", i), math.MaxInt); err != nil {
			t.Fatal(err)
		}
	}
	try := func(n int) {
		if g := k.do("POST", "/v1/map", `{"variables":[{"name":"n","path":"$"}],"body":"`+strings.Repeat("x", n)+`"}`); g.status != 200 {
			t.Errorf("%d bytes: %d %s", n, g.status, g.text)
		}
	}
	try(100)
	tried := make(chan struct{})
	go func() { try(300 << 10); close(tried) }()
	select {
	case <-tried:
		t.Error("a large body has had no turn, and was looked at")
	case <-time.After(100 * time.Millisecond):
	}
	for i := range held {
		held[i].Let()
	}
	<-tried
}
