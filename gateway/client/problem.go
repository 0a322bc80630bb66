package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hookgate/gateway"
)

// Problem is a refusal, in hookgate's words (RFC 9457; SPEC 3).
type Problem struct {
	Status    int             `json:"status"`
	Code      gateway.Code    `json:"code"` // says which; "" where something between has answered
	Title     string          `json:"title"`
	Detail    string          `json:"detail"`
	Errors    []gateway.Fault `json:"errors"` // bad fields, each by its path
	RequestID string          `json:"request_id"`
	WaitID    string          `json:"wait_id"` // with wait_exists: the wait that is open
	// RetryAfter is when it makes sense to come again; 0: it does not say.
	RetryAfter time.Duration `json:"-"`
}

// Error gives the detail with all bad fields.
func (p *Problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	if text == "" {
		text = fmt.Sprintf("the answer, status %d, is not hookgate's: is this its internal listener?", p.Status)
	}
	for _, fault := range p.Errors {
		text += "; " + fault.String()
	}
	return text
}

// IsCode says whether an error is a refusal with this code.
func IsCode(err error, code gateway.Code) bool {
	p, is := errors.AsType[*Problem](err)
	return is && p.Code == code
}

// maxProblem bounds what is read of a refusal, in bytes.
const maxProblem = 1 << 20

func readProblem(r *http.Response) error {
	p := &Problem{}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxProblem))
	if err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/problem+json") || json.Unmarshal(body, p) != nil || p.Title+p.Detail == "" {
		*p = Problem{}
	}
	p.Status = r.StatusCode
	if p.RequestID == "" {
		p.RequestID = r.Header.Get("X-Request-Id")
	}
	p.RetryAfter = retryAfter(r.Header.Get("Retry-After"))
	return p
}

// retryAfter reads seconds, or a date (RFC 9110, 10.2.3); 0 where there is neither.
func retryAfter(field string) time.Duration {
	if seconds, err := strconv.ParseUint(field, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(field); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
