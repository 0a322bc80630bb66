package api

import (
	"compress/gzip"
	_ "embed"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"hookgate/gateway"
	"hookgate/gateway/audit"
)

// operator is what only who runs the process may do.
type operator struct{ load func() ([]string, error) } // Options.Reload

// reload loads the file again. A bad one changes nothing, and the answer names
// what is wrong with it; that of a good one names the keys that take a restart.
func (h *operator) reload(c *call) (answer, error) {
	var waiting []string
	err := c.trail.Do(deedOf(c, audit.Reload, "configuration"), func() (err error) {
		waiting, err = h.load()
		return err
	})
	var known *gateway.Error
	switch {
	case err == nil:
		c.audit("the configuration was loaded again")
		return show(http.StatusOK, struct {
			Result       string   `json:"result"`
			NeedsRestart []string `json:"needs_restart"`
		}{"ok", append([]string{}, waiting...)})
	case errors.As(err, &known) && known.Code != gateway.CodeInvalidField:
		return answer{}, err
	}
	failed := &gateway.Error{Code: gateway.CodeReloadFailed, Message: "the configuration file is faulty; what was loaded before stays", Err: err}
	if known != nil {
		failed.Faults = known.Faults
	}
	return answer{}, failed
}

//go:generate gzip -9nkf openapi.yaml

//go:embed openapi.yaml.gz
var packed string

// Description is openapi.yaml: what every call takes and answers. It is packed, for 200 KB of the
// program, until somebody first asks for it.
var Description = sync.OnceValue(func() []byte {
	z, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		panic("api: " + err.Error()) // it is in the binary
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic("api: " + err.Error())
	}
	return text
})

func getOpenAPI(*call) (answer, error) {
	return answer{status: http.StatusOK, contentType: "application/yaml", body: Description()}, nil
}
