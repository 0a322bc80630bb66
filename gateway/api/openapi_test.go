package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"hookgate/gateway/api"
)

func description(t *testing.T) *openapi3.T {
	t.Helper()
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	loader := openapi3.NewLoader()
	d, err := loader.LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Validate(loader.Context); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDescriptionHasEveryRoute(t *testing.T) {
	var described []string
	for path, item := range description(t).Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	slices.Sort(described)
	if routes := api.Routes(); !slices.Equal(described, routes) {
		t.Errorf("openapi.yaml describes\n%s\nthe routes are\n%s", strings.Join(described, "\n"), strings.Join(routes, "\n"))
	}
}

func TestDescriptionHasEveryCode(t *testing.T) {
	source, err := parser.ParseFile(token.NewFileSet(), "../errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(source, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, code)
		return true
	})
	var listed []string
	for _, code := range description(t).Components.Schemas["Code"].Value.Enum {
		listed = append(listed, code.(string))
	}
	slices.Sort(codes)
	slices.Sort(listed)
	if len(codes) == 0 || !slices.Equal(codes, listed) {
		t.Errorf("openapi.yaml lists\n%q\nthe codes are\n%q", listed, codes)
	}
}

func TestDescriptionIsServed(t *testing.T) {
	k := newKit(t)
	g := k.want(200, "GET", "/v1/openapi.yaml", "")
	if text, err := os.ReadFile("openapi.yaml"); err != nil || g.text != string(text) || g.header.Get("Content-Type") != "application/yaml" {
		t.Errorf("served as %s, the same text: %t, %v", g.header.Get("Content-Type"), g.text == string(text), err)
	}
}

// What the API shows is what the description says of it.
func TestAnswersFitTheDescription(t *testing.T) {
	d := description(t)
	k := withAcme(t)
	k.want(200, "PUT", v1Acme, fullTenant)
	wait := k.want(201, "POST", v1Acme+"/waits", `{"source": "payments", "conversation_key": "c", "mode": "poll", "context": [1]}`)
	k.callback("c", `{"amount": 5}`)
	k.want(201, "PUT", crmOf, `{"url": "https://crm.example.com/", "token": "t", "batch": {"max_events": 2}, "rate_limit": 5, "retry": {"initial": "1s", "max_age": "1d"}}`)
	k.want(200, "POST", crmOf+"/rotate-secret", "")
	k.want(200, "POST", crmOf+"/pause", "")
	event := k.publish(`{"event":{"type":"status"},"conversation":{"key":"c"}}`)[0]
	for path, schema := range map[string]string{
		"/v1/tenants": "TenantList", v1Acme: "Tenant", v1Acme + "/sources": "SourceList", v1Acme + "/sources/payments": "Source",
		v1Acme + "/waits": "WaitList", v1Acme + "/waits/" + wait.str("id"): "Wait", v1Acme + "/deliveries": "DeliveryList",
		v1Acme + "/endpoints": "EndpointList", crmOf: "Endpoint", events: "EventList", events + "/" + event: "Event",
		v1Acme + "/conversations/c": "Timeline", "/v1/tokens": "TokenList", "/v1/tenants/nobody": "Problem",
	} {
		g := k.do("GET", path, "")
		if err := d.Components.Schemas[schema].Value.VisitJSON(g.body); err != nil {
			t.Errorf("GET %s is no %s: %v\n%s", path, schema, err, g.text)
		}
	}
}
