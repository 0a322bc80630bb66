package api

import (
	_ "embed"
	"errors"
	"net/http"

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

//go:embed openapi.yaml
var openapi []byte

// Description is openapi.yaml: what every call takes and answers.
func Description() []byte { return openapi }

func getOpenAPI(*call) (answer, error) {
	return answer{status: http.StatusOK, contentType: "application/yaml", body: openapi}, nil
}
