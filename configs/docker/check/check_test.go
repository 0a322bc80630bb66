package check

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// needs are the variables that a file does not go without, each with a value as its heading
// says how to make one.
var needs = map[string]map[string]string{
	"../compose.yaml": nil,
	"../cluster.yaml": {
		"POSTGRES_PASSWORD":    strings.Repeat("0f", 24),
		"CLUSTER_SECRET":       strings.Repeat("1e", 24),
		"HOOKGATE_MASTER_KEY":  "pPuvdGkBnQ3M7Qb0p0u7dC6YzK0qkqk9oGqYq1JqC+8=",
		"HOOKGATE_ADMIN_TOKEN": "hg_admin_" + strings.Repeat("2d", 24),
	},
}

func load(file string, environment map[string]string) (*types.Project, error) {
	var pairs []string
	for name, value := range environment {
		pairs = append(pairs, name+"="+value)
	}
	options, err := cli.NewProjectOptions([]string{file}, cli.WithEnv(pairs), cli.WithResolvedPaths(true))
	if err != nil {
		return nil, err
	}
	return options.LoadProject(context.Background())
}

func mustLoad(t *testing.T, file string) *types.Project {
	t.Helper()
	p, err := load(file, needs[file])
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return p
}

// All files of Compose are here, and each says which variable it lacks.
func TestNeeds(t *testing.T) {
	files, err := filepath.Glob("../*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, is := needs[file]; is != bytes.Contains(text, []byte("\nservices:\n")) {
			t.Errorf("%s: a file of Compose %t, and looked at %t", file, !is, is)
		}
	}
	for file, all := range needs {
		mustLoad(t, file)
		for name := range all {
			but := map[string]string{}
			for other, value := range all {
				if other != name {
					but[other] = value
				}
			}
			if _, err := load(file, but); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s without %s: %v", file, name, err)
			}
		}
	}
}

// What a service is built from and mounts is there, and whom it waits for says when it is well:
// hookgate by its image.
func TestServices(t *testing.T) {
	for file := range needs {
		p := mustLoad(t, file)
		for name, s := range p.Services {
			if s.Build != nil {
				if _, err := os.Stat(filepath.Join(s.Build.Context, s.Build.Dockerfile)); err != nil {
					t.Errorf("%s, %s: %v", file, name, err)
				}
			}
			if s.Build == nil && !strings.Contains(s.Image, ":") {
				t.Errorf("%s, %s: %s is of no version", file, name, s.Image)
			}
			for _, v := range s.Volumes {
				if v.Type != types.VolumeTypeBind {
					continue // Compose knows that it is declared
				}
				if _, err := os.Stat(v.Source); err != nil || !v.ReadOnly {
					t.Errorf("%s, %s mounts %s, read-only %t: %v", file, name, v.Source, v.ReadOnly, err)
				}
			}
			for other, d := range s.DependsOn {
				if of := p.Services[other]; d.Condition == types.ServiceConditionHealthy && of.HealthCheck == nil && of.Build == nil {
					t.Errorf("%s: %s waits until %s is well, which never says so", file, name, other)
				}
			}
			for _, port := range s.Ports {
				if port.HostIP == "" && port.Target != 8080 {
					t.Errorf("%s: %s shows port %d to everybody", file, name, port.Target)
				}
			}
		}
	}
}

// hookgates are the services of a file that are hookgate, by the Dockerfile that makes it.
func hookgates(p *types.Project) (all []types.ServiceConfig) {
	for _, s := range p.Services {
		if s.Build != nil {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b types.ServiceConfig) int { return strings.Compare(a.Name, b.Name) })
	return all
}

var (
	entrypoint = regexp.MustCompile(`(?m)^ENTRYPOINT \["/hookgate"\]$`)
	command    = regexp.MustCompile(`(?m)^CMD \["serve", "--config", "(/etc/hookgate/hookgate.yaml)", "--data", "/data"\]$`)
)

// hookgate takes the configuration that is mounted, in the environment of its service, and has
// time enough to stop.
func TestHookgate(t *testing.T) {
	dockerfile, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	starts := command.FindSubmatch(dockerfile)
	if starts == nil || !entrypoint.Match(dockerfile) {
		t.Fatal("the Dockerfile does not say what it runs")
	}
	for file, want := range map[string]int{"../compose.yaml": 1, "../cluster.yaml": 3} {
		all := hookgates(mustLoad(t, file))
		if len(all) != want {
			t.Errorf("%s has %d of hookgate, want %d", file, len(all), want)
		}
		seen := map[string]bool{}
		for _, s := range all {
			config := string(starts[1])
			if len(s.Command) > 0 {
				if !slices.Equal(s.Command[:2], []string{"serve", "--config"}) || len(s.Command) != 3 {
					t.Fatalf("%s runs %q", s.Name, s.Command)
				}
				config = s.Command[2]
			}
			i := slices.IndexFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool { return v.Target == config })
			if i < 0 {
				t.Fatalf("%s does not mount %s", s.Name, config)
			}
			if s.StopGracePeriod == nil || time.Duration(*s.StopGracePeriod) < 35*time.Second { // drain, and handing over
				t.Errorf("%s has %v to stop", s.Name, s.StopGracePeriod)
			}
			if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) {
				t.Errorf("%s may more than it needs", s.Name)
			}
			if text := checked(t, s, s.Volumes[i].Source); seen[text] {
				t.Errorf("%s is the same as another: %s", s.Name, text)
			} else {
				seen[text] = true
			}
		}
	}
}

// checked has hookgate check a configuration in the environment of a service, where
// HOOKGATE_PROGRAM says where that is, and gives the address at which others reach it.
func checked(t *testing.T, s types.ServiceConfig, config string) (advertise string) {
	t.Helper()
	var env []string
	for name, value := range s.Environment {
		if value == nil {
			t.Errorf("%s: %s is whatever it is outside", s.Name, name)
			continue
		}
		env = append(env, name+"="+*value)
	}
	program := os.Getenv("HOOKGATE_PROGRAM")
	if program == "" {
		return s.Name
	}
	run := func(args ...string) string {
		c := exec.Command(program, args...)
		c.Env = env
		said, err := c.CombinedOutput()
		if err != nil {
			t.Errorf("%s: hookgate %q: %v\n%s", s.Name, args, err, said)
		}
		return string(said)
	}
	if said := run("check", config); strings.Contains(said, "is no variable of hookgate") {
		t.Errorf("%s: %s", s.Name, said)
	}
	shown := run("config", "show", "--config", config)
	found := regexp.MustCompile(`(?m)^\s*advertise: "?([^"\n]*)"?$`).FindStringSubmatch(shown)
	if found == nil {
		return s.Name
	}
	return found[1]
}

// Nodes come to the database of the file, each by a name of its own, and the balancer leads to
// all of them.
func TestCluster(t *testing.T) {
	p := mustLoad(t, "../cluster.yaml")
	database := p.Services["postgres"]
	of := func(s types.ServiceConfig, name string) string {
		if value := s.Environment[name]; value != nil {
			return *value
		}
		t.Errorf("%s has no %s", s.Name, name)
		return ""
	}
	balancer, err := os.ReadFile("../haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	var nodes []string
	for _, s := range hookgates(p) {
		nodes = append(nodes, s.Name)
		u, err := url.Parse(of(s, "DATABASE_URL"))
		if err != nil {
			t.Fatal(err)
		}
		password, _ := u.User.Password()
		if u.Hostname() != "postgres" || u.User.Username() != of(database, "POSTGRES_USER") || password != of(database, "POSTGRES_PASSWORD") || u.Path != "/"+of(database, "POSTGRES_DB") {
			t.Errorf("%s comes to %s", s.Name, u.Redacted())
		}
		if of(s, "NODE") != s.Name {
			t.Errorf("%s says that it is %s", s.Name, of(s, "NODE"))
		}
		for _, port := range []string{"8080", "8081"} {
			line := fmt.Sprintf("\n    server %s %s\n", s.Name, net.JoinHostPort(s.Name, port))
			if strings.Count(string(balancer), line) != 1 {
				t.Errorf("the balancer does not lead to port %s of %s", port, s.Name)
			}
		}
	}
	if n := strings.Count(string(balancer), "\n    server "); n != 2*len(nodes) {
		t.Errorf("the balancer leads to %d places, of %v", n, nodes)
	}
	for _, s := range p.Services["balancer"].Ports {
		if !strings.Contains(string(balancer), fmt.Sprintf("\n    bind :%d\n", s.Target)) {
			t.Errorf("nobody listens at port %d of the balancer", s.Target)
		}
	}
}

// HAProxy itself takes its configuration, where there is one.
func TestBalancer(t *testing.T) {
	haproxy, err := exec.LookPath("haproxy")
	if err != nil {
		if haproxy = "/usr/sbin/haproxy"; exec.Command(haproxy, "-v").Run() != nil {
			t.Skip("HAProxy is not installed: apt-get install haproxy")
		}
	}
	said, err := exec.Command(haproxy, "-c", "-f", "../haproxy.cfg").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, said)
	}
	for line := range strings.Lines(string(said)) {
		// The nodes have their names in the network of Compose alone.
		if strings.Contains(line, "[WARNING]") && !strings.Contains(line, "could not resolve address 'node") {
			t.Error(line)
		}
	}
}
