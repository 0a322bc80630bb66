package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/transport"
)

// compile is what `hookgate check` asks for beside: what the directory refuses.
func compile(c *Config) []gateway.Fault {
	tenants := map[string]directory.FileTenant{}
	for id, t := range c.Tenants {
		tenants[id] = directory.FileTenant{Tenant: t.Tenant, Sources: t.Sources, Endpoints: t.Endpoints, Webhooks: t.Webhooks}
	}
	o := directory.Options{MaxBody: c.Public.MaxBody, CheckURL: transport.Egress{}.CheckURL, CheckHeader: transport.CheckHeader}
	_, faults := directory.CompileFile(tenants, o)
	_, more := directory.CompileRoutes(c.Routes, o)
	return append(faults, more...)
}

// TestMistakes runs every testdata/mistakes/NAME.yaml and compares the report
// with NAME.want, in which FILE stands for the file's path.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/mistakes/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want, err := os.ReadFile(strings.TrimSuffix(file, ".yaml") + ".want")
			if err != nil {
				t.Error(err)
			}
			_, err = Load(Options{Flags: Flags{Config: file}, Environ: []string{"SHORT=x", "PORT=9000", "LONG=0123456789abcdef", "WAITS=70", "YES=true"}, Check: compile})
			got := "valid"
			if err != nil {
				got = strings.ReplaceAll(err.Error(), file, "FILE")
			}
			if got+"\n" != string(want) {
				t.Errorf("the report is\n%s\nwant\n%s", got, want)
			}
			if strings.Contains(got, "canary") {
				t.Error("the report shows a secret")
			}
		})
	}
}

func TestReportPlacesFaults(t *testing.T) {
	text := "tenants:\n  acme:\n    sources:\n      pay: { verify: { type: stripe } }\n    headers: { \"X.Y\": v }\n"
	c, err := Load(Options{Flags: Flags{Config: write(t, text)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Report(nil); err != nil {
		t.Errorf("no faults are the error %v", err)
	}
	name := c.file.name
	for path, want := range map[string]string{
		"tenants.acme.sources.pay.verify.type":       ":4:30: ",
		"tenants.acme.sources.pay.verify.secrets[0]": ":4:14: ", // missing: the name of what it should be in
		"tenants.acme.sources.pay.verify":            ":4:22: ",
		`tenants.acme.headers["X.Y"]`:                ":5:23: ",
		"tenants.acme":                               ":2:3: ",
		"routes.none":                                ":1:1: ",
	} {
		err := c.Report([]gateway.Fault{{Path: path, Message: "is wrong"}})
		if err == nil || !strings.HasPrefix(err.Error(), name+want+path+": is wrong\n") {
			t.Errorf("%s is reported as %v, want %s", path, err, want)
		}
	}
}

func TestCheckIsAskedOnceAndAddsWhatDoesNotFollow(t *testing.T) {
	text := "public: { addr: nowhere }\ntenants:\n  acme:\n    sources:\n      pay: { verify: { type: 5 }, respond: { status: 99 } }\n"
	asked := 0
	_, err := Load(Options{Flags: Flags{Config: write(t, text)}, Check: func(*Config) []gateway.Fault {
		asked++
		return []gateway.Fault{
			{Path: "tenants.acme.sources.pay.verify.type", Message: "is missing"}, // follows from the wrong type
			{Path: "tenants.acme.sources.pay.verify", Message: "is incomplete"},   // so does this
			{Path: "tenants.acme.sources.pay.respond.status", Message: "must be 200 to 299"},
		}
	}})
	if err == nil || asked != 1 {
		t.Fatalf("asked %d times, error %v", asked, err)
	}
	for _, text := range []string{":1:17: public.addr: must", ":5:30: tenants.acme.sources.pay.verify.type: must be text", ":5:54: tenants.acme.sources.pay.respond.status: must be 200"} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the report lacks %q:\n%v", text, err)
		}
	}
	if strings.Contains(err.Error(), "is missing") || strings.Contains(err.Error(), "incomplete") {
		t.Errorf("the report has what follows from another mistake:\n%v", err)
	}
}
