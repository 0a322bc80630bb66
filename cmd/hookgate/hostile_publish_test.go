package main

import (
	"fmt"
	"strings"
	"testing"
)

// messages is the body of a publish of so many messages.
func messages(n int) string {
	return `{"events":[` + plainMessage + strings.Repeat(","+plainMessage, n-1) + `]}`
}

// Publishes to a thousand endpoints: 24 KB made a million deliveries in one commit.
func TestHostilePublish(t *testing.T) {
	attack(t, func(a *arena) {
		for i := range 1000 {
			a.mallory.Must(t, []int{201}, "PUT", fmt.Sprintf("%s/endpoints/e%d", ofMallory, i), doomedEndpoint)
		}
	}, func(a *arena) {
		got := a.mallory.Must(t, []int{422}, "POST", ofMallory+"/events", messages(1000))
		if !strings.Contains(string(got.Body), "too_many_deliveries") || !strings.Contains(string(got.Body), "1000000") {
			t.Errorf("a million deliveries are answered %s", got)
		}
		for range 3 {
			a.mallory.Must(t, []int{202}, "POST", ofMallory+"/events", messages(100)) // as many as may be
		}
	})
}
