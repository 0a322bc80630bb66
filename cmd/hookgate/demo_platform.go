package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"hookgate/auth/signature"
)

// demoPlatform is the made-up chat platform: it opens waits and publishes events,
// and its endpoint takes notices.
type demoPlatform struct {
	tenant, token string // the tenant's URL, and the platform's token
	verifier      *signature.Verifier

	mu       sync.Mutex
	expected map[string]chan string // by conversation key: the type of its notice
}

func newDemoPlatform(token, secret string) (*demoPlatform, error) {
	v, faults := signature.Compile(signature.Config{Type: "standard", Secrets: []string{secret}})
	if len(faults) > 0 {
		return nil, fmt.Errorf("signature of notices: %v", faults)
	}
	return &demoPlatform{token: token, verifier: v, expected: make(map[string]chan string)}, nil
}

// demoWait is what the platform reads of a wait.
type demoWait struct {
	ID, State, Branch, Match string
	Variables                struct{ Amount int }
}

func (p *demoPlatform) open(ctx context.Context, key, mode string, seconds int) (*demoWait, error) {
	body := fmt.Sprintf(`{"source":"payments","conversation_key":%q,"mode":%q,"timeout_seconds":%d}`, key, mode, seconds)
	return p.wait(ctx, http.MethodPost, "/waits", body, http.StatusCreated)
}

// demoEnded is what became of a held wait.
type demoEnded struct {
	wait *demoWait
	err  error
}

// hold holds a wait until it has ended.
func (p *demoPlatform) hold(ctx context.Context, id string) <-chan demoEnded {
	ended := make(chan demoEnded, 1)
	go func() {
		w, err := p.wait(ctx, http.MethodGet, "/waits/"+id+"?hold=60", "", http.StatusOK)
		ended <- demoEnded{w, err}
	}()
	return ended
}

// publish publishes an event of a conversation.
func (p *demoPlatform) publish(ctx context.Context, key, kind, payload string) error {
	body := fmt.Sprintf(`{"events":[{"event":{"type":%q,"payload":%s},"conversation":{"key":%q}}]}`, kind, payload, key)
	_, err := p.call(ctx, http.MethodPost, "/events", body, http.StatusAccepted)
	return err
}

// wait makes a call that is answered with a wait.
func (p *demoPlatform) wait(ctx context.Context, method, path, body string, want int) (*demoWait, error) {
	text, err := p.call(ctx, method, path, body, want)
	if err != nil {
		return nil, err
	}
	w := &demoWait{}
	return w, json.Unmarshal(text, w)
}

// call makes a call of the internal API below the tenant, and gives its answer.
func (p *demoPlatform) call(ctx context.Context, method, path, body string, want int) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.tenant+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Content-Type", "application/json")
	status, text, err := demoDo(req)
	if err == nil && status != want {
		err = fmt.Errorf("%s %s: %d %s", method, path, status, text)
	}
	return text, err
}

// demoDo sends one request and gives its answer whole.
func demoDo(req *http.Request) (status int, body []byte, err error) {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, body, err
}

// expect gives where the type of the next notice about a conversation goes.
func (p *demoPlatform) expect(key string) <-chan string {
	told := make(chan string, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected[key] = told
	return told
}

// ServeHTTP takes a notice, if it is signed by the gateway.
func (p *demoPlatform) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	signed := &signature.Request{Method: req.Method, Header: headerFields(req.Header), Body: body, Now: time.Now()}
	if err := p.verifier.Verify(signed); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	type named struct {
		ConversationKey string `json:"conversation_key"`
	}
	var notice struct {
		Type string
		Data struct {
			named       // wait.resumed and the like: the wait
			Wait  named // callback.late
		}
	}
	if err := json.Unmarshal(body, &notice); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.tell(notice.Data.ConversationKey+notice.Data.Wait.ConversationKey, notice.Type)
	w.WriteHeader(http.StatusNoContent)
}

// tell hands a notice to the chat that expects it. A delivery may come twice; the
// second finds nobody.
func (p *demoPlatform) tell(key, kind string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if told := p.expected[key]; told != nil {
		told <- kind
		delete(p.expected, key)
	}
}
