package edge

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
)

// Every code that may leave the process has its line in the table.
func TestEveryCodeHasAStatus(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Code" {
			return true
		}
		codes++
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value) //nolint:forcetypeassert // a code is a string
		if err != nil {
			t.Fatal(err)
		}
		if s := statuses[gateway.Code(text)]; s.code < 400 || s.title == "" {
			t.Errorf("%s has no status", spec.Names[0].Name)
		}
		return true
	})
	if codes != len(statuses) {
		t.Errorf("gateway has %d codes, the table %d lines", codes, len(statuses))
	}
}

func TestProblem(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		status int
		body   string
		fields []Field
	}{
		"plain": {
			errors.New("open /secret: no such file"), 500,
			`{"type":"urn:hookgate:problem:internal","title":"Internal error","status":500,"code":"internal"}`, nil,
		},
		"internal keeps its text": {
			gateway.Errorf(gateway.CodeInternal, "at /secret"), 500,
			`{"type":"urn:hookgate:problem:internal","title":"Internal error","status":500,"code":"internal"}`, nil,
		},
		"unknown code": {
			gateway.Errorf("made_up", "x"), 500,
			`{"type":"urn:hookgate:problem:internal","title":"Internal error","status":500,"code":"internal"}`, nil,
		},
		"wrapped, with a further member": {
			fmt.Errorf("open: %w", &gateway.Error{
				Code: gateway.CodeWaitExists, Message: "<it> waits", Err: errors.New("secret"),
				Extra: []gateway.ExtraMember{{Name: "wait_id", Value: "wait_1"}},
			}), 409,
			`{"type":"urn:hookgate:problem:wait_exists","title":"Wait exists","status":409,"detail":"<it> waits","code":"wait_exists","wait_id":"wait_1"}`, nil,
		},
		"faults": {
			gateway.Invalid([]gateway.Fault{{Path: "verify.type", Message: `has a "quote"`}}), 422,
			`{"type":"urn:hookgate:problem:invalid_field","title":"Invalid fields","status":422,"detail":"some fields are not valid","code":"invalid_field","errors":[{"path":"verify.type","message":"has a \"quote\""}]}`, nil,
		},
		"later, rounded up": {
			gateway.Unavailable("disk", 1100*time.Millisecond), 503,
			`{"type":"urn:hookgate:problem:unavailable","title":"Unavailable","status":503,"detail":"disk","code":"unavailable"}`,
			[]Field{{"Retry-After", "2"}},
		},
		"later, at least a second": {
			gateway.Errorf(gateway.CodeDraining, "stopping"), 503,
			`{"type":"urn:hookgate:problem:draining","title":"Draining","status":503,"detail":"stopping","code":"draining"}`,
			[]Field{{"Retry-After", "1"}},
		},
		"method": {
			&gateway.Error{Code: gateway.CodeMethodNotAllowed, Allow: "GET"}, 405,
			`{"type":"urn:hookgate:problem:method_not_allowed","title":"Method not allowed","status":405,"code":"method_not_allowed"}`,
			[]Field{{"Allow", "GET"}},
		},
		"challenge": {
			gateway.Errorf(gateway.CodeUnauthenticated, "no"), 401,
			`{"type":"urn:hookgate:problem:unauthenticated","title":"Not authenticated","status":401,"detail":"no","code":"unauthenticated"}`,
			[]Field{{"WWW-Authenticate", "Bearer"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var ctx fasthttp.RequestCtx
			WriteProblem(&ctx, c.err)
			if got := ctx.Response.StatusCode(); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			if got := string(ctx.Response.Body()); got != c.body {
				t.Errorf("body\n%s, want\n%s", got, c.body)
			}
			for _, f := range append(c.fields, Field{"Content-Type", ProblemType}) {
				if got := string(ctx.Response.Header.Peek(f.Name)); got != f.Value {
					t.Errorf("%s: %q, want %q", f.Name, got, f.Value)
				}
			}
			if later := ctx.Response.Header.Peek("Retry-After"); (c.status == http.StatusServiceUnavailable) != (later != nil) {
				t.Errorf("Retry-After %q with status %d", later, c.status)
			}
		})
	}
}
