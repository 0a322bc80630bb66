package check

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

const chart = "../hookgate"

// cases are values that somebody writes, and the kinds that come of them.
var cases = map[string]struct {
	values string
	kinds  []string
}{
	"as it is": {"", []string{"PodDisruptionBudget", "Secret", "Service", "Service", "StatefulSet"}},
	"everything": {`
image: { repository: registry.example/hookgate, tag: v1.2.3 }
imagePullSecrets: [{ name: pull }]
config:
  public: { url: "https://hooks.example.com" }
  tenants: { acme: { sources: { payments: { verify: { type: stripe, secrets: ["${STRIPE_SECRET}"] } } } } }
env: [{ name: STRIPE_SECRET, valueFrom: { secretKeyRef: { name: stripe, key: secret } } }]
envFrom: [{ secretRef: { name: more } }]
adminToken: { secret: hookgate-admin, key: token }
service: { type: LoadBalancer, port: 443, annotations: { a: b } }
ingress: { enabled: true, className: nginx, annotations: { a: b }, hosts: [hooks.example.com], tls: [{ hosts: [hooks.example.com], secretName: hooks-tls }] }
persistence: { size: 1.5Ti, storageClass: fast, accessModes: [ReadWriteOncePod] }
nodeSelector: { disk: ssd }
tolerations: [{ key: hookgate, operator: Exists }]
affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: zone, operator: In, values: [a] }] }] } } }
podAnnotations: { a: b }
podLabels: { team: chat }
networkPolicy: { enabled: true, internalFrom: [{ podSelector: { matchLabels: { app: platform } } }] }
serviceMonitor: { enabled: true, interval: 15s, labels: { release: prometheus } }
prometheusRule: { enabled: true, labels: { release: prometheus } }
`, []string{"Ingress", "NetworkPolicy", "PodDisruptionBudget", "PrometheusRule", "Secret", "Service", "Service", "ServiceMonitor", "StatefulSet"}},
	"three nodes": {`
replicas: 3
store: { driver: postgres, secret: hookgate-cluster }
adminToken: { secret: hookgate-admin }
config: { drain: { delay: 10s, timeout: 20s } }
networkPolicy: { enabled: true, internalFrom: [{ podSelector: { matchLabels: { app: platform } } }] }
`, []string{"NetworkPolicy", "PodDisruptionBudget", "Secret", "Service", "Service", "StatefulSet"}},
	"little": {`
podDisruptionBudget: { enabled: false }
networkPolicy: { enabled: true }
resources: {}
serviceMonitor: { enabled: true }
`, []string{"NetworkPolicy", "Secret", "Service", "Service", "ServiceMonitor", "StatefulSet"}},
}

func TestChart(t *testing.T) {
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			values := valuesOf(t, c.values)
			for _, m := range lint.All(chart, values, "default", false).Messages {
				if m.Severity > support.InfoSev {
					t.Errorf("helm lint: %s", m)
				}
			}
			var kinds []string
			for file, text := range render(t, values) {
				for i, one := range strings.Split(text, "\n---") {
					if strings.TrimSpace(one) == "" {
						continue
					}
					kind, err := look(t, one)
					if err != nil {
						t.Errorf("%s, manifest %d: %v\n%s", file, i+1, err, one)
					}
					kinds = append(kinds, kind)
				}
			}
			if slices.Sort(kinds); !slices.Equal(kinds, c.kinds) {
				t.Errorf("it makes %v, want %v", kinds, c.kinds)
			}
		})
	}
}

// Values that the schema of the chart does not know are refused by name, and so is more than
// one owner of a folder.
func TestValuesAreChecked(t *testing.T) {
	loaded, err := loader.Load(chart)
	if err != nil {
		t.Fatal(err)
	}
	for text, says := range map[string]string{
		"replicas: 3":                                   "replicas",
		"store: { driver: postgres }":                   "secret",
		"store: { driver: nats }":                       "driver",
		"persistence: { accessModes: [ReadWriteMany] }": "accessModes",
		"ingress: { enabled: true }":                    "hosts",
		"service: { port: 70000 }":                      "port",
		"persistence: { size: 20 GB }":                  "size",
	} {
		if _, err := chartutil.ToRenderValues(loaded, valuesOf(t, text), chartutil.ReleaseOptions{}, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func valuesOf(t *testing.T, text string) map[string]any {
	t.Helper()
	values, err := chartutil.ReadValues([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// render gives what helm template would print, by file.
func render(t *testing.T, values map[string]any) map[string]string {
	t.Helper()
	loaded, err := loader.Load(chart)
	if err != nil {
		t.Fatal(err)
	}
	top, err := chartutil.ToRenderValues(loaded, values, chartutil.ReleaseOptions{Name: "gate", Namespace: "chat", IsInstall: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := engine.Engine{Strict: true}.Render(loaded, top)
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(files, func(name, _ string) bool { return path.Ext(name) != ".yaml" })
	return files
}

var strict = serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

// look decodes a manifest, and refuses a member that its type does not have.
func look(t *testing.T, text string) (kind string, err error) {
	var of struct{ Kind, APIVersion string }
	if err := yaml.Unmarshal([]byte(text), &of); err != nil {
		return "", err
	}
	if of.APIVersion == monitoring.SchemeGroupVersion.String() {
		var into any = new(monitoring.ServiceMonitor)
		if of.Kind == "PrometheusRule" {
			into = new(monitoring.PrometheusRule)
		}
		return of.Kind, yaml.UnmarshalStrict([]byte(text), into)
	}
	object, _, err := strict.Decode([]byte(text), nil, nil)
	if err == nil {
		err = sound(t, object)
	}
	return of.Kind, err
}

// sound looks at what the types let through.
func sound(t *testing.T, object runtime.Object) error {
	switch o := object.(type) {
	case *apps.StatefulSet:
		labels := o.Spec.Template.Labels
		for key, value := range o.Spec.Selector.MatchLabels {
			if labels[key] != value {
				return fmt.Errorf("the selector wants %s: %s, the pods have %v", key, value, labels)
			}
		}
		known := map[string]bool{}
		for _, claim := range o.Spec.VolumeClaimTemplates {
			known[claim.Name] = true
		}
		for _, v := range o.Spec.Template.Spec.Volumes {
			known[v.Name] = true
		}
		for _, m := range o.Spec.Template.Spec.Containers[0].VolumeMounts {
			if !known[m.Name] {
				return fmt.Errorf("no volume %s to mount", m.Name)
			}
		}
		return spread(o)
	case *policy.PodDisruptionBudget:
		if o.Spec.MaxUnavailable == nil {
			return errors.New("it says nothing")
		}
	case *core.Secret:
		return checked(t, o.StringData["hookgate.yaml"])
	}
	return nil
}

// spread looks at what several nodes need: no volume of their own, an address each, time to
// hand their slots over, a probe that an outage of the database does not fail.
func spread(o *apps.StatefulSet) error {
	if *o.Spec.Replicas == 1 {
		return nil
	}
	pod := &o.Spec.Template.Spec
	node := &pod.Containers[0]
	if len(o.Spec.VolumeClaimTemplates) > 0 || slices.Contains(node.Args, "--data") {
		return errors.New("nodes on a database have volumes")
	}
	of := map[string]core.EnvVar{}
	for _, e := range node.Env {
		of[e.Name] = e
	}
	if e := of["POD_IP"]; e.ValueFrom == nil || e.ValueFrom.FieldRef == nil || e.ValueFrom.FieldRef.FieldPath != "status.podIP" {
		return errors.New("nodes do not know their addresses")
	}
	for name, key := range map[string]string{"DATABASE_URL": "url", "HOOKGATE_MASTER_KEY": "master-key", "CLUSTER_SECRET": "cluster-secret"} {
		if e := of[name]; e.ValueFrom == nil || e.ValueFrom.SecretKeyRef == nil || e.ValueFrom.SecretKeyRef.Key != key {
			return fmt.Errorf("%s is not the secret's %s", name, key)
		}
	}
	if at := node.ReadinessProbe.HTTPGet.Path; at != "/readyz?ignore=database" {
		return fmt.Errorf("an outage of the database takes all nodes out: the probe asks %s", at)
	}
	if *pod.TerminationGracePeriodSeconds < 45 { // what the case of three nodes takes for drain, and what handing over may take
		return fmt.Errorf("%d s are too few to drain", *pod.TerminationGracePeriodSeconds)
	}
	return nil
}

// checked has hookgate itself look at the configuration that the chart writes, where
// HOOKGATE_PROGRAM says where that is.
func checked(t *testing.T, config string) error {
	program := os.Getenv("HOOKGATE_PROGRAM")
	if program == "" {
		return nil
	}
	file := filepath.Join(t.TempDir(), "hookgate.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return err
	}
	for _, address := range []string{"10.0.0.7", "fd00:10:244::5"} { // as a pod knows its own
		if err := checkedAt(program, file, address); err != nil {
			return err
		}
	}
	return nil
}

func checkedAt(program, file, address string) error {
	c := exec.Command(program, "check", file)
	c.Env = []string{
		"STRIPE_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "POD_IP=" + address,
		"DATABASE_URL=postgres://hookgate:secret@db:5432/hookgate", "CLUSTER_SECRET=a-secret-of-16-bytes-or-more",
		"HOOKGATE_MASTER_KEY=pPuvdGkBnQ3M7Qb0p0u7dC6YzK0qkqk9oGqYq1JqC+8=",
	}
	if said, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("hookgate check at %s: %w\n%s", address, err, said)
	}
	return nil
}
