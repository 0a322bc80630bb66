package api_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"hookgate/gateway/api"
)

func description(t *testing.T) *openapi3.T {
	t.Helper()
	d, err := driven.description()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// jsonSchema: the schemas of OpenAPI 3.1 are those of JSON Schema.
var jsonSchema = openapi3.EnableJSONSchema2020()

// fits says in what a value is not as a schema has it.
func fits(d *openapi3.T, schema string, value any) error {
	return d.Components.Schemas[schema].Value.VisitJSON(value, jsonSchema)
}

func TestDescriptionHasEveryRoute(t *testing.T) {
	var described []string
	for path, item := range description(t).Paths.Map() {
		if slices.Contains(publicPaths, path) {
			continue
		}
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	slices.Sort(described)
	if routes := api.Routes(); !slices.Equal(described, routes) {
		t.Errorf("openapi.yaml describes\n%s\nthe routes are\n%s", strings.Join(described, "\n"), strings.Join(routes, "\n"))
	}
}

// Every body that is JSON is shown by an example, which fits what is said of it: one of its
// own, of its schema, or of the items of a list.
func TestDescriptionHasExamples(t *testing.T) {
	d, shown := description(t), 0
	look := func(place string, content openapi3.Content) {
		for kind, media := range content {
			if !strings.HasSuffix(kind, "json") {
				continue
			}
			examples := examplesOf(media)
			if len(examples) == 0 {
				t.Errorf("%s has no example", place)
			}
			for _, of := range examples {
				shown++
				if err := of.schema.VisitJSON(of.value, jsonSchema); err != nil {
					t.Errorf("the example of %s is none: %v", place, err)
				}
				if names := undescribed("", of.value, []*openapi3.Schema{of.schema}); len(names) > 0 {
					t.Errorf("the example of %s has what is not described: %s", place, strings.Join(names, ", "))
				}
			}
		}
	}
	for path, item := range d.Paths.Map() {
		for method, o := range item.Operations() {
			place := method + " " + path
			if o.RequestBody != nil {
				look(place, o.RequestBody.Value.Content)
			}
			for status, r := range o.Responses.Map() {
				if strings.HasPrefix(status, "2") || status == "default" {
					look(place+" "+status, r.Value.Content)
				}
			}
		}
	}
	if shown < 100 {
		t.Errorf("there are %d examples", shown)
	}
}

type example struct {
	value  any
	schema *openapi3.Schema
}

func examplesOf(media *openapi3.MediaType) (all []example) {
	schema := media.Schema.Value
	add := func(value any, of *openapi3.Schema) {
		if value != nil {
			all = append(all, example{value, of})
		}
	}
	add(media.Example, schema)
	for _, e := range media.Examples {
		add(e.Value.Value, schema)
	}
	add(schema.Example, schema)
	if data := schema.Properties["data"]; len(all) == 0 && data != nil && data.Value.Items != nil {
		add(data.Value.Items.Value.Example, data.Value.Items.Value)
	}
	return all
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
		t.Errorf("served as %s, the same text: %t, %v; go generate ./gateway/api packs it", g.header.Get("Content-Type"), g.text == string(text), err)
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
	k.want(201, "PUT", lookup, `{"url": "https://bank.example.com/{{ id }}", "body": {"a": 1}, "auth": {"type": "basic", "username": "u", "password": "p"}, "mode": "async"}`)
	event := history{k}.publish(`{"event":{"type":"status"},"conversation":{"key":"c"}}`)[0]
	for path, schema := range map[string]string{
		"/v1/tenants": "TenantList", v1Acme: "Tenant", v1Acme + "/sources": "SourceList", v1Acme + "/sources/payments": "Source",
		v1Acme + "/waits": "WaitList", v1Acme + "/waits/" + wait.str("id"): "Wait", v1Acme + "/deliveries": "DeliveryList",
		v1Acme + "/endpoints": "EndpointList", webhooks: "WebhookList", lookup: "Webhook", crmOf: "Endpoint", events: "EventList", events + "/" + event: "Event",
		v1Acme + "/conversations/c": "Timeline", "/v1/tokens": "TokenList", "/v1/audit": "AuditList", "/v1/tenants/nobody": "Problem",
	} {
		g := k.do("GET", path, "")
		if err := fits(d, schema, g.body); err != nil {
			t.Errorf("GET %s is no %s: %v\n%s", path, schema, err, g.text)
		}
	}
}

// So are the answers to calls, and those of the connections API.
func TestCallsFitTheDescription(t *testing.T) {
	d := description(t)
	fits := func(schema string, g got) {
		t.Helper()
		var body any
		if body = g.body; g.body == nil {
			if err := json.Unmarshal([]byte(g.text), &body); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Components.Schemas[schema].Value.VisitJSON(body, jsonSchema); err != nil {
			t.Errorf("it is no %s: %v\n%s", schema, err, g.text)
		}
	}
	k, b := withLookup(t, nil)
	const body = `{"conversation_key": "c", "variables": {"id": "x"}, "context": {}, "wait": {"source": "payments"}}`
	b.answers(200, `{"a": {"balance": 1}}`)
	fits("Run", k.want(200, "POST", lookup+"/run", body))
	fits("Problem", k.want(409, "POST", callOf, body))
	b.answers(404, `no`)
	fits("Call", k.want(200, "POST", callOf, strings.Replace(body, `"c"`, `"d"`, 1)))
	k.want(200, "PUT", lookup, `{"url": "{{ id }}"}`)
	unrendered := k.want(200, "POST", lookup+"/run", `{"variables": {"id": "no url"}}`)
	if fits("Run", unrendered); unrendered.str("reason") != "template" {
		t.Errorf("a url that is none: %s", unrendered.text)
	}
	token := k.token("tenant", "acme")
	made := k.as(token, "POST", connections, jsonOf(t, whole(b)))
	fits("ConnectionDone", made)
	one := connections + "/" + made.str("id")
	fits("ConnectionList", k.as(token, "GET", connections, ""))
	fits("Connection", k.as(token, "GET", one, ""))
	fits("Webhook", k.want(200, "GET", webhooks+"/"+made.str("id"), ""))
	b.answers(500, `{}`)
	k.want(200, "POST", webhooks+"/"+made.str("id")+"/call", `{}`)
	k.settled("Request failed with status code 500")
	fits("ConnectionDone", k.as(token, "PUT", one, jsonOf(t, object{"name": "n", "url": b.url})))
	fits("ConnectionList", k.as(token, "GET", connections, ""))
	fits("Connection", k.as(token, "GET", one, ""))
	fits("ConnectionDone", k.as(token, "DELETE", one, ""))
}

// The description says of a connection's fields what testdata/connections-api.md
// says, which TestConnectionSizes holds the code to.
func TestDescriptionHasTheSizesOfConnections(t *testing.T) {
	facts, err := os.ReadFile("testdata/connections-api.md")
	if err != nil {
		t.Fatal(err)
	}
	made := description(t).Components.Schemas["MakeConnection"].Value
	rows := regexp.MustCompile("(?m)^\\| (`[a-zA-Z.`, ]+`) \\| (?:string|object of string to string) \\| (?:exactly (\\d+)|(\\d+)\\.\\.(\\d+)(?: members)?) \\|")
	sized := 0
	for _, row := range rows.FindAllStringSubmatch(string(facts), -1) {
		least, most := row[2]+row[3], row[2]+row[4]
		for _, name := range strings.Split(strings.ReplaceAll(row[1], "`", ""), ", ") {
			field := fieldOf(made, strings.Split(name, "."))
			if field == nil {
				t.Errorf("%s is not described", name)
				continue
			}
			low, high := field.MinLength, field.MaxLength
			if field.Type.Includes("object") {
				low, high = field.MinProps, field.MaxProps
			}
			if high == nil || strconv.FormatUint(low, 10) != least || strconv.FormatUint(*high, 10) != most {
				t.Errorf("%s is described with other sizes than %s to %s", name, least, most)
			}
			sized++
		}
	}
	if sized != 7 {
		t.Errorf("%d fields have sizes, want 7", sized)
	}
}

// fieldOf finds a property in an object or the parts that it is made of.
func fieldOf(s *openapi3.Schema, path []string) *openapi3.Schema {
	if len(path) == 0 {
		return s
	}
	if own := s.Properties[path[0]]; own != nil {
		return fieldOf(own.Value, path[1:])
	}
	for _, part := range s.AllOf {
		if field := fieldOf(part.Value, path); field != nil {
			return field
		}
	}
	return nil
}
