package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// logKeys are all keys of the log, with what stands under each: the words of SPEC 1 in
// snake_case, and one key for one thing everywhere.
var logKeys = map[string]string{
	"known":                "the id of a mark on failures that are known",
	"tenant":               "whose it is",
	"source":               "the source",
	"endpoint":             "the endpoint",
	"webhook":              "the webhook",
	"route":                "the route",
	"node":                 "a node of the cluster",
	"upstream":             "the upstream's URL",
	"callback_id":          "one callback",
	"event_id":             "one event, of a batch the first",
	"delivery_id":          "one delivery",
	"job_id":               "one bulk job",
	"wait_id":              "one wait",
	"call_id":              "one call",
	"token_id":             "who asked, by token",
	"scope":                "what the token who asked is for",
	"made_token_id":        "the token that was made",
	"made_scope":           "what it is for",
	"deleted_token_id":     "the token that was deleted",
	"client":               "the address of who sent it",
	"address":              "at which others reach it",
	"away":                 "for how long the database could not be reached",
	"url":                  "where a request of ours goes",
	"method":               "of a request to us",
	"path":                 "of a request to us, without its query",
	"console":              "the address at which people look at the gateway",
	"console_listener":     "the address of the listener that answers for the console",
	"place":                "where in a resource",
	"listener":             "public or internal",
	"public":               "the address of the public listener",
	"internal":             "the address of the internal listener",
	"public_connections":   "most connections on the public listener",
	"internal_connections": "most connections on the internal listener",
	"code":                 "the problem's code",
	"status":               "the HTTP status of an answer",
	"attempt":              "its number, from 1",
	"attempts":             "how many there were",
	"outcome":              "how a call ended",
	"state":                "of a delivery or a circuit breaker",
	"reason":               "why, as a word or a text for a stranger",
	"request_id":           "of X-Request-Id: the request that a line is about",
	"error":                "what went wrong: a word of SPEC, or the error's text",
	"detail":               "what is to be said beside the error's word",
	"panic":                "what was panicked with",
	"stack":                "where it was panicked",
	"duration_ms":          "how long an attempt or a call took",
	"next_attempt_at":      "when a delivery is tried again",
	"until":                "when a circuit breaker lets a probe through",
	"overlap":              "how long an old secret goes on beside the new one",
	"at_most":              "how long a drain may take",
	"body_bytes":           "the length of a body",
	"with_key":             "whether the master key is in a backup",
	"free_bytes":           "room on the disk",
	"held_bytes":           "what a tenant and those below it have there",
	"share_bytes":          "what they may have of it",
	"watermark_bytes":      "the room below which writes are refused",
	"count":                "how many of what the line is about",
	"created":              "whether it was not there before",
	"secret_made":          "whether a secret was made for it",
	"verified":             "whether an endpoint proved itself",
	"setting":              "a key of the configuration",
	"version":              "of hookgate",
	"folder":               "of the data, or a part of it",
	"kept_in":              "the folder of what is damaged",
	"file":                 "of the store",
	"records":              "how many were read",
	"commits":              "how many a log of the store had",
	"commits_of_logs":      "how many came from logs and not from tables",
	"unreadable":           "how many records could not be read",
	"deliveries":           "how many a publish makes",
	"made_before":          "how many of them were there already",
}

// TestLogKeys holds what is logged to the list, and the list to what is logged.
func TestLogKeys(t *testing.T) {
	used := map[string]string{}
	err := filepath.WalkDir("../../gateway", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "gatewaytest"):
			return filepath.SkipDir
		case filepath.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, key := range loggedIn(parsed) {
			used[key.name] = set.Position(key.at).String()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for key, place := range used {
		if logKeys[key] == "" {
			t.Errorf("%s: the log key %q is not in the list of logkeys_test.go: is there a word for it?", place, key)
		}
	}
	for key := range logKeys {
		if used[key] == "" {
			t.Errorf("nothing is logged under %q", key)
		}
	}
}

// TestLogKeysAreFound: a key in any of the forms in which lines are written.
func TestLogKeysAreFound(t *testing.T) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "", `package x
		func f() {
			x.Log.Warn("words", "a", 1, "b", 2)
			log.With("c", "no key").Info("words")
			logger.LogAttrs(ctx, level, "words", slog.String("d", "no key"), slog.Any("e", err))
			args := []any{"f", "no key"}
			args = append(args, "g", "no key")
			x.audit("words", "h", 1)
			http.Error(w, "words", 500)
			x.names.With("no key", nothing)
		}`, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, key := range loggedIn(parsed) {
		got = append(got, key.name)
	}
	slices.Sort(got)
	if want := []string{"a", "b", "c", "d", "e", "f", "g", "h"}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// logKey is a key and where it is written.
type logKey struct {
	name string
	at   token.Pos
}

// loggedIn finds the keys that a file gives to a logger: after a message, in an
// attribute, or in a list named args.
func loggedIn(file *ast.File) (found []logKey) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.CallExpr:
			found = append(found, pairs(x.Args, keysFrom(x))...)
		case *ast.CompositeLit:
			if list, is := x.Type.(*ast.ArrayType); is && len(x.Elts)%2 == 0 && isName(list.Elt, "any") {
				found = append(found, pairs(x.Elts, 0)...)
			}
		}
		return true
	})
	return found
}

// keysFrom says from which argument on a call has keys and values in turn; beyond all
// of them where it has none.
func keysFrom(call *ast.CallExpr) int {
	if isName(call.Fun, "append") && isName(call.Args[0], "args") {
		return 1
	}
	f, is := call.Fun.(*ast.SelectorExpr)
	if !is {
		return len(call.Args)
	}
	logs := isLog(f.X)
	switch name := f.Sel.Name; {
	case isName(f.X, "slog") && len(call.Args) == 2, logs && name == "With":
		return 0
	case logs && slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, name), name == "audit":
		return 1
	}
	return len(call.Args)
}

// pairs gives the keys among arguments that are keys and values in turn.
func pairs(args []ast.Expr, from int) (keys []logKey) {
	for i := from; i < len(args); i += 2 {
		if text, is := args[i].(*ast.BasicLit); is && text.Kind == token.STRING {
			name, _ := strconv.Unquote(text.Value) // the parser has read it
			keys = append(keys, logKey{name, text.Pos()})
		}
	}
	return keys
}

// isLog says whether something is called as loggers are.
func isLog(x ast.Expr) bool {
	if f, is := x.(*ast.SelectorExpr); is {
		x = f.Sel
	}
	name, is := x.(*ast.Ident)
	return is && (strings.EqualFold(name.Name, "log") || strings.EqualFold(name.Name, "logger"))
}

func isName(x ast.Expr, name string) bool {
	id, is := x.(*ast.Ident)
	return is && id.Name == name
}
