package calling

import (
	"time"

	"hookgate/gateway"
)

// answer brings the wait of the call to where the outcome wants it, and stamps the
// call with its end.
func (c *carrier) answer(k *call) {
	r := k.result
	r.Attempts = int(k.attempts.Load())
	if k.waitID != "" && !k.gone.Load() {
		c.waits.conclude(k)
	}
	now := time.Now()
	r.EndedAt, r.Duration = gateway.At(c.now()).Time, max(now.Sub(k.began), 0)
}

// traces is a call's line in the timeline of its conversation; none without one.
func traces(r *gateway.Call) []gateway.Trace {
	if r.ConversationKey == "" {
		return nil
	}
	return []gateway.Trace{{
		Tenant: r.Tenant, Key: r.ConversationKey, At: r.CreatedAt, Kind: "call", ID: r.ID, Data: appendTrace(make([]byte, 0, 192), r),
	}}
}

func appendTrace(dst []byte, r *gateway.Call) []byte {
	return append(r.AppendLine(append(dst, '{')), '}')
}
