package kills

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/gatewaytest/program"
)

// built is the program, as it is built once for all tests of this package.
var built string

var (
	builtFile = flag.String("binary", "", "a hookgate that is built already; else this tree's is built")
	logLevel  = flag.String("log", "info", "how much the programs log")
)

// TestMain builds the program. Most tests wait for programs, clocks and disks: two at once
// leave two processors idle; -parallel says otherwise.
func TestMain(m *testing.M) {
	flag.Parse()
	if runtime.GOMAXPROCS(0) < 4 {
		if err := flag.Set("test.parallel", "4"); err != nil {
			panic(err)
		}
	}
	os.Exit(withProgram(m))
}

func withProgram(m *testing.M) int {
	if built = *builtFile; built != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "kills")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		built = filepath.Join(dir, program.Name)
		err = program.Build(built, "")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// keyOfTests is a master key in the environment: with a database there is no folder for one.
var keyOfTests = "HOOKGATE_MASTER_KEY=" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))

// onPostgres is a configuration for a database.
func onPostgres(db *postgres.Server) string {
	return fmt.Sprintf("store: { driver: postgres, url: %q }\ncluster: { advertise: \"127.0.0.1:0\" }\n", db.URL())
}

var adminToken = regexp.MustCompile(`hg_admin_\S+`)

func mac(key, text string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return h.Sum(nil)
}

func now() string { return fmt.Sprint(time.Now().Unix()) }

func variablesOf(kind, variable string) string {
	return fmt.Sprintf(`"type":%q,"payload":{"variables":[{"type":"text","name":"conversation_url","value":%q}]}`, kind, variable)
}
