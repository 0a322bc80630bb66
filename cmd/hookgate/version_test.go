package main

import (
	"runtime/debug"
	"testing"
)

func TestSourceVersion(t *testing.T) {
	for want, settings := range map[string][]debug.BuildSetting{
		"devel":                      nil,
		"devel-0123456789ab":         {{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "false"}},
		"devel-0123456789ab-changed": {{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}},
	} {
		if got := sourceVersion(settings); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
