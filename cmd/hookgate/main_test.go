package main

import (
	"flag"
	"runtime"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes `hookgate` a command of the scripts in testdata.
func TestMain(m *testing.M) {
	// Most tests wait for programs, clocks and disks: two at once leave two processors idle.
	// -parallel says otherwise.
	if runtime.GOMAXPROCS(0) < 4 {
		if err := flag.Set("test.parallel", "4"); err != nil {
			panic(err)
		}
	}
	testscript.Main(m, map[string]func(){"hookgate": main})
}

// TestScripts runs the whole program. A script's environment has nothing of the
// developer's own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata"})
}
