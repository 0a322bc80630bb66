package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Calls whose answers of a megabyte have to be kept, since their callers stay for a wait:
// before they shared a budget, as many as there are holders had theirs at once. Now most
// of them find no room for their answer in time.
func TestHostileCallAnswers(t *testing.T) {
	const calls = 500
	answer := gzipped(t, []byte(`"`+strings.Repeat("x", 1<<20-1<<10)+`"`))
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(answer)
	}))
	t.Cleanup(backend.Close)
	attack(t, func(a *arena) {
		a.mallory.Must(t, []int{201}, "PUT", ofMallory+"/webhooks/large", map[string]any{
			"url": backend.URL, "timeout": "1s", "response": map[string]any{"variables": []any{map[string]any{"name": "all", "path": "$"}}},
		})
	}, func(a *arena) {
		a.flood(calls, func(n int) {
			a.try(a.mallory, "POST", ofMallory+"/webhooks/large/call",
				fmt.Sprintf(`{"conversation_key":"large-%d","wait":{"source":"payments","mode":"hold","timeout_seconds":60}}`, n))
		})
		a.givenBack("call_answers")
	})
}
