package api

import (
	_ "embed"
	"errors"
	"net/http"

	"hookgate/gateway"
)

// operator is what only who runs the process may do.
type operator struct{ load func() ([]string, error) } // Options.Reload

// reload loads the file again. A bad one changes nothing, and the answer names
// what is wrong with it; that of a good one names the keys that take a restart.
func (h *operator) reload(c *call) (answer, error) {
	waiting, err := h.load()
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

func getOpenAPI(*call) (answer, error) {
	return answer{status: http.StatusOK, contentType: "application/yaml", body: openapi}, nil
}
