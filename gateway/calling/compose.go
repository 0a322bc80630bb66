package calling

import "hookgate/gateway"

// lightRequest is how much is rendered for a call without asking for room, in bytes.
const lightRequest = 32 << 10

// compose makes the request: it renders what the webhook says and prepares it. What is
// light is made so at once. For what is not, the memory is waited for as tenants share it
// (SPEC 16), and it is made anew: a call keeps its request for as long as the backend
// keeps silent.
func (k *call) compose() done {
	k.bound = lightRequest
	over := k.render() || k.prepare()
	if !k.large {
		return over
	}
	k.large, k.bound = false, maxRendered
	// What was made so far is let go while others have the memory.
	k.text, k.query, k.body, k.parts, k.fields, k.secretAt = nil, nil, nil, k.parts[:0], k.fields[:0], 0
	if !(room{k}).takeRequest() {
		return k.fail(gateway.CallTimeout, gateway.Fault{Message: "what is rendered for it is large, and there was no memory for it in time"})
	}
	over = k.render() || k.prepare()
	room{k}.fitRequest()
	return over
}
