package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"hookgate/gateway"
)

func answersPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../configs/answers.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// The page lists every outcome, with its status.
func TestAnswersPageHasEveryOutcome(t *testing.T) {
	told := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\d+) \\|").FindAllStringSubmatch(answersPage(t), -1) {
		told[row[1]] = row[2]
	}
	for _, o := range gateway.Outcomes {
		if told[string(o)] != fmt.Sprint(o.Status()) {
			t.Errorf("%s has the status %q on the page, want %d", o, told[string(o)], o.Status())
		}
		delete(told, string(o))
	}
	if len(told) > 0 {
		t.Errorf("no outcomes are %v", told)
	}
}

// The page's bodies are what openapi.yaml says, and it has each notice.
func TestAnswersPageFitsTheDescription(t *testing.T) {
	d, section, shown := readDescription(t), "", map[string]int{}
	for _, block := range regexp.MustCompile("(?ms)^#+ ([^\n]+)$|^```json\n(.*?)\n```").FindAllStringSubmatch(answersPage(t), -1) {
		body := []byte(block[2])
		if block[1] != "" {
			section = block[1]
			continue
		}
		shown[section]++
		var err error
		switch section {
		case "Callbacks":
			status, kind := "200", "application/json"
			if strings.Contains(block[2], "problem") {
				status, kind = "422", "application/problem+json"
			}
			err = d.visit(d.Paths.Value("/hooks/{tenant}/{source}").Post.Responses.Value(status).Value.Content, kind, body)
		case "Relay routes":
			err = d.visit(d.Paths.Value("/{route}").Post.Responses.Value("200").Value.Content, "application/json", body)
		case "Deliveries":
			kind := "application/json"
			if strings.Contains(block[2], "specversion") {
				kind = "application/cloudevents+json"
			}
			err = d.visit(d.Webhooks["events"].Post.RequestBody.Value.Content, kind, body)
		default:
			err = d.visit(d.Webhooks[section].Post.RequestBody.Value.Content, "application/json", body)
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", section, err, body)
		}
	}
	for _, section := range []string{
		"Callbacks", "Relay routes", "Deliveries", gateway.NoticeWaitResumed, gateway.NoticeWaitTimedOut, gateway.NoticeWaitCancelled,
		gateway.NoticeCallbackLate, gateway.NoticeCallFinished, gateway.NoticeDisabled,
	} {
		if shown[section] == 0 {
			t.Errorf("%s shows no body", section)
		}
	}
}
