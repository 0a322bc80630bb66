package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// recipe is a whole configuration of configs/providers.md, for one need.
type recipe struct{ name, text string }

var (
	recipeForm     = regexp.MustCompile("(?s)\n### ([^\n]+)\n(.*?)```yaml\n(.*?)```")
	recipeVariable = regexp.MustCompile(`\$\{([A-Z_]+)\}`)
)

func recipesOfThePage(t *testing.T) (all []recipe) {
	t.Helper()
	page, err := os.ReadFile("../../configs/providers.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range recipeForm.FindAllStringSubmatch(string(page), -1) {
		if strings.Contains(m[2], "\n#") {
			t.Errorf("%q has no configuration", m[1])
		}
		all = append(all, recipe{m[1], m[3]})
	}
	return all
}

// posted is a request of a sender, before it is signed.
type posted struct {
	method string // default POST
	path   string // behind the source's, with a query
	kind   string // default application/json
	fields []string
	body   string
}

// traffic is what the senders of a recipe send, and what becomes of it.
type traffic struct {
	keys    []string          // of the waits that own resumes
	own     posted            // the conversations' own
	fails   []string          // what stands in own, and in its place what ends the first wait as a failure
	foreign map[string]posted // of the same account, by what it is: ignored
	asks    map[string]posted // what is answered as a handshake
	alone   bool              // nobody else has its address
	answer  func(own, foreign program.Answer) bool
}

// Every recipe of the page takes what is for a conversation, and answers the rest of what
// its provider sends so that it does not come again (SPEC 15).
func TestRecipes(t *testing.T) {
	recipes, senders := recipesOfThePage(t), newSenders(t)
	platform := gatewaytest.NewReceiver(t)
	p := program.Start(t, program.Options{Config: senders.out, Env: senders.environ(recipes)})
	told := map[string]bool{}
	for _, r := range recipes {
		told[r.name] = true
		t.Run(r.name, func(t *testing.T) {
			run := &trial{senders: senders, p: p}
			run.configure(t, strings.Replace(r.text, "http://bot.internal:3000", platform.URL, 1))
			if run.source == "" {
				run.relays(t, platform)
			} else if traffic, is := recipeTraffic[r.name]; is {
				run.takes(t, traffic)
				if strings.Contains(r.text, "FAILURE") {
					run.fails(t, traffic)
				}
			} else {
				t.Error("nothing is sent to it")
			}
		})
	}
	for name := range recipeTraffic {
		if !told[name] {
			t.Errorf("there is no recipe %q", name)
		}
	}
}
