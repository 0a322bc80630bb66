package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// forPeople gives every page of the tree by its path, with its text.
func forPeople(t *testing.T) map[string]string {
	t.Helper()
	texts, root := map[string]string{}, filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		texts[path] = string(text)
		return err
	})
	if err != nil || len(texts) < 20 {
		t.Fatalf("the tree has %d pages: %v", len(texts), err)
	}
	return texts
}

var (
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	inCode  = regexp.MustCompile("`([^`\n]+)`")
	// anOperation is a call of the API, as pages name it.
	anOperation = regexp.MustCompile(`^(GET|POST|PUT|DELETE) (/v[12]/[^\s?]*)`)
	parameter   = regexp.MustCompile(`\{[^}]*\}|\$[A-Z]+|:id\b`)
)

// Every link of a page leads to a file of the tree, and to a heading of it. (Where a page is
// not of ours, on the web, nobody looks.)
func TestPagesLink(t *testing.T) {
	texts := forPeople(t)
	for page, text := range texts {
		for _, m := range link.FindAllStringSubmatch(inCode.ReplaceAllString(fenced.ReplaceAllString(text, ""), ""), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), filepath.FromSlash(file))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			} else if anchor != "" && !anchors(texts[target])[anchor] {
				t.Errorf("%s links to %s, and there is no such heading", page, m[1])
			}
		}
	}
}

// anchors gives the names that the headings of a page have in links.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		all[strings.ReplaceAll(name, " ", "-")] = true
	}
	return all
}

// The commands and operations that pages name are there, flags too.
func TestPagesNameWhatIsThere(t *testing.T) {
	described := map[string]bool{}
	for path, item := range readDescription(t).Paths.Map() {
		for method := range item.Operations() {
			described[method+" "+parameter.ReplaceAllString(path, "*")] = true
		}
	}
	named := 0
	for page, text := range forPeople(t) {
		if strings.Contains(filepath.ToSlash(page), "/testdata/") || strings.Contains(filepath.ToSlash(page), "gateway/") || strings.HasSuffix(page, "CHANGELOG.md") {
			continue // what is asked for, or was
		}
		for _, m := range inCode.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			if op := anOperation.FindStringSubmatch(m[1]); op != nil && !strings.Contains(op[2], "…") {
				named++
				if !described[op[1]+" "+parameter.ReplaceAllString(op[2], "*")] {
					t.Errorf("%s: the description has no %s", page, op[0])
				}
			}
			if line, is := strings.CutPrefix(m[1], "hookgate "); is {
				named++
				knownCommand(t, page, strings.Fields(line))
			}
		}
	}
	if named < 30 {
		t.Errorf("only %d were found: does the test still look at the pages?", named)
	}
}

var word = regexp.MustCompile(`^[a-z][a-z-]*$`)

// knownCommand says where hookgate has no such command, or no such flag.
func knownCommand(t *testing.T, page string, words []string) {
	t.Helper()
	line := strings.Join(words, " ")
	if strings.Contains(line, "|") { // several in one
		return
	}
	root := newRootCommand()
	root.InitDefaultCompletionCmd("completion")
	command, rest, err := root.Find(words)
	if err != nil || command.HasSubCommands() && len(rest) > 0 && word.MatchString(rest[0]) {
		t.Errorf("%s: hookgate %s: there is no such command: %v", page, line, err)
		return
	}
	for _, word := range rest {
		if name, is := strings.CutPrefix(word, "--"); is && !hasFlag(command, name) {
			t.Errorf("%s: hookgate %s: there is no flag %s", page, line, word)
		}
	}
}

func hasFlag(command *cobra.Command, name string) bool {
	name, _, _ = strings.Cut(name, "=")
	return name == "help" || command.Flags().Lookup(name) != nil || command.InheritedFlags().Lookup(name) != nil
}
