package main

import (
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// An idle gateway that is killed a second after a delivery has succeeded does not
// repeat it ("what has been settled is durable within 1 s also when nothing else
// happens", SPEC 16).
func TestIdleKillRepeatsNothing(t *testing.T) {
	t.Parallel()
	r := gatewaytest.NewReceiver(t)
	o := program.Options{Dir: filepath.Join(t.TempDir(), "data"), Config: `
egress: { allow: [127.0.0.0/8] }
tenants:
  acme:
    endpoints:
      crm: { url: "` + r.URL + `" }
`}
	p := program.Start(t, o)
	publish := func(text string) {
		p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note"},"text":"`+text+`"}]}`)
	}
	succeeded := func(want int) {
		program.Eventually(t, time.Minute, func() error {
			a, err := p.Admin().Do(t.Context(), "GET", "/v1/tenants/acme/deliveries?state=succeeded", nil)
			if n := gjson.GetBytes(a.Body, "data.#").Int(); err == nil && n != int64(want) {
				err = fmt.Errorf("%d have succeeded: %s", n, a)
			}
			return err
		})
	}
	publish("first")
	succeeded(1)
	time.Sleep(5 * time.Second) // what the promise gives is one: a disk may be slow, and a machine busy
	p.Kill9()
	p = program.Start(t, o)
	publish("second") // it comes after what the lane found at its start
	succeeded(2)
	for i, q := range r.Got() {
		if i > 0 && strings.Contains(string(q.Body), "first") {
			t.Errorf("request %d repeats what was shown as succeeded a second before the kill: %s", q.Number, q.Body)
		}
	}
}

// The first start finds its port in use; the next shows the admin token all the same.
func TestFirstTokenAfterAFailedStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	o := program.Options{Dir: filepath.Join(t.TempDir(), "data"), Env: []string{"HOOKGATE_ADMIN_TOKEN="}}
	failed := o
	failed.Args = []string{"--internal", taken.Addr().String()}
	p := program.Launch(t, failed)
	if code := p.Wait(t); code != 1 || !strings.Contains(p.Log.Text(), "address already in use") {
		t.Fatalf("with its port in use it exits with %d:\n%s", code, p.Log.Text())
	}
	if shown := adminToken.FindString(p.Log.Text()); shown != "" {
		t.Error("a start that serves nobody shows a token")
	}
	p = program.Start(t, o)
	shown := adminToken.FindString(p.Log.Text())
	if shown == "" {
		t.Fatalf("the first start that serves shows no token:\n%s", p.Log.Text())
	}
	p.Admin().As(shown).Must(t, []int{200}, "GET", "/v1/tenants", nil)
	p.Kill9()
	p = program.Start(t, o)
	if again := adminToken.FindString(p.Log.Text()); again != "" {
		t.Error("the next start shows a token again")
	}
}

// One flipped bit in the manifest: the start is refused and changes nothing, and
// --accept-data-loss goes on with what can be read, here with all.
func TestServeRefusesDamage(t *testing.T) {
	o := program.Options{Dir: filepath.Join(t.TempDir(), "data"), Config: oneSource}
	p := program.Start(t, o)
	a := p.Admin().Must(t, []int{201}, "POST", "/v1/tenants/acme/waits",
		`{"conversation_key":"42bb83","source":"payments","timeout_seconds":300,"mode":"poll"}`)
	wait := "/v1/tenants/acme/waits/" + a.Field("id")
	p.Kill9()
	manifests, err := filepath.Glob(filepath.Join(o.Dir, "pebble", "MANIFEST-*"))
	if err != nil || len(manifests) == 0 {
		t.Fatal(manifests, err)
	}
	damaged := manifests[len(manifests)-1]
	text, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 4
	if err := os.WriteFile(damaged, text, 0o600); err != nil {
		t.Fatal(err)
	}
	before := sumOfFolder(t, o.Dir)
	p = program.Launch(t, o)
	if code := p.Wait(t); code != 1 {
		t.Errorf("exit code %d", code)
	}
	for _, words := range []string{"pebble/" + filepath.Base(damaged), "Restore a backup", "--accept-data-loss"} {
		if !strings.Contains(p.Log.Text(), words) {
			t.Errorf("it does not say %q:\n%s", words, p.Log.Text())
		}
	}
	if sumOfFolder(t, o.Dir) != before {
		t.Error("the refused start has changed the folder")
	}
	o.Args = []string{"--accept-data-loss"}
	p = program.Start(t, o)
	p.Admin().Must(t, []int{200}, "GET", wait, nil)
	if kept, err := filepath.Glob(filepath.Join(o.Dir, "damaged-*", "pebble", "MANIFEST-*")); err != nil || len(kept) == 0 {
		t.Errorf("what was damaged is not kept: %v, %v", kept, err)
	}
	if code := p.Terminate(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	o.Args = nil
	p = program.Start(t, o)
	p.Admin().Must(t, []int{200}, "GET", wait, nil)
}

// sumOfFolder is of the names and bytes of all files, but for the lock.
func sumOfFolder(t *testing.T, dir string) [sha256.Size]byte {
	t.Helper()
	sum := sha256.New()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || path == filepath.Join(dir, "lock") {
			return err
		}
		text, err := os.ReadFile(path)
		sum.Write([]byte(path))
		sum.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return [sha256.Size]byte(sum.Sum(nil))
}
