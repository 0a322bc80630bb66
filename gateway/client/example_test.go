package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"hookgate/gateway/client"
)

// A platform publishes an event, and a flow waits for a payment.
func Example() {
	hookgate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // in the place of a real one
		switch r.URL.Path {
		case "/v1/tenants/acme/events":
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprint(w, `{"accepted":1,"events":[{"id":"evt_1","deliveries":1}]}`)
		case "/v1/tenants/acme/waits":
			fmt.Fprint(w, `{"id":"wait_1","state":"resumed","branch":"SUCCESS","variables":{"amount":1200}}`)
		}
	}))
	defer hookgate.Close()

	c, err := client.New(client.Options{Server: hookgate.URL, Token: "hg_platform_…"})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	published, err := c.Of("acme").Publish(ctx, client.Publish{
		Events: []json.RawMessage{[]byte(`{"event":{"type":"message.created"},"conversation":{"key":"42bb83"}}`)},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(published.Events[0].ID)

	wait, err := c.Of("acme").OpenWait(ctx, client.NewWait{Source: "payments", ConversationKey: "42bb83", TimeoutSeconds: 30})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s %s amount=%s\n", wait.State, wait.Branch, wait.Variables["amount"])
	// Output:
	// evt_1
	// resumed SUCCESS amount=1200
}
