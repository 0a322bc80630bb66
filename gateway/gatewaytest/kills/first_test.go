package kills

import (
	"flag"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

var firstKills = flag.Int("first.kills", 30, "how many first starts TestKillFirstStart kills")

// TestKillFirstStart kills first starts at random moments, up to three on one folder.
// The next one serves. Somebody has been shown an admin token then, by this start or by
// one that was killed when it served already; every token that was shown is good, and
// no later start shows one.
func TestKillFirstStart(t *testing.T) {
	without := []string{"HOOKGATE_ADMIN_TOKEN="}
	began := time.Now()
	program.Start(t, program.Options{Binary: built, Dir: filepath.Join(t.TempDir(), "data"), Env: without}).Kill9()
	takes := time.Since(began)
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	silent := 0 // starts that were killed before they showed a token
	for left := *firstKills; left > 0; {
		o := program.Options{Binary: built, Dir: filepath.Join(t.TempDir(), "data"), Env: without}
		var shown []string
		for range min(left, 1+rng.IntN(3)) {
			left--
			p := program.Launch(t, o)
			<-time.After(time.Duration(rng.Int64N(int64(takes + takes/8))))
			p.Kill9()
			seen := adminToken.FindAllString(p.Log.Text(), -1)
			if len(seen) == 0 {
				silent++
			}
			shown = append(shown, seen...)
		}
		p := program.Start(t, o)
		seen := adminToken.FindAllString(p.Log.Text(), -1)
		if len(seen) > 1 || len(seen)+len(shown) == 0 {
			t.Fatalf("seed %d, %d to go: after %d tokens that were shown, the first start that serves shows %d", seed, left, len(shown), len(seen))
		}
		for _, token := range slices.Concat(shown, seen) {
			p.Admin().As(token).Must(t, []int{200}, "GET", "/v1/tenants", nil)
		}
		p.Kill9()
		p = program.Start(t, o)
		if again := adminToken.FindString(p.Log.Text()); again != "" {
			t.Fatalf("seed %d, %d to go: the start after the first that served shows a token again", seed, left)
		}
		p.Kill9()
	}
	t.Logf("seed %d: a start takes %s; of %d that were killed %d had shown no token yet", seed, takes, *firstKills, silent)
}
