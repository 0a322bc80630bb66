package forward

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"net/netip"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/edge"
)

// about is what goes with a request besides its bytes.
type about struct {
	Kind   string          `json:"kind"`
	Slot   gateway.Slot    `json:"slot"`
	ID     string          `json:"id"`
	Tenant string          `json:"tenant,omitempty"` // for whom: Question.Tenant
	Client netip.Addr      `json:"client"`
	Secure bool            `json:"secure,omitempty"`
	Shown  [][]byte        `json:"shown,omitempty"` // DER
	By     json.RawMessage `json:"by,omitempty"`
	// Known is the revision of the configuration that the node knows which passes it on.
	Known int64 `json:"known,omitempty"`
}

// answered is what goes with an answer besides its body.
type answered struct {
	Status int         `json:"status"`
	Type   string      `json:"type,omitempty"`
	Fields [][2]string `json:"fields,omitempty"`
}

// packRequest gives a request as it travels.
func packRequest(ctx *fasthttp.RequestCtx, q *Question, known int64, body []byte) ([]byte, error) {
	a := about{Kind: q.Kind, Slot: q.Slot, Tenant: q.Tenant, ID: string(edge.RequestID(ctx)), Client: edge.ClientIP(ctx), Secure: edge.IsTLS(ctx), By: q.By, Known: known}
	for _, certificate := range edge.Peer(ctx) {
		a.Shown = append(a.Shown, certificate.Raw)
	}
	said, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	head := headOf(ctx)
	out := make([]byte, 0, 8+len(said)+len(head)+len(body))
	out = peers.AppendPart(out, said)
	out = peers.AppendPart(out, head)
	return append(out, body...), nil
}

// headOf gives the head as it came; of a request that was made in process, as it would come.
func headOf(ctx *fasthttp.RequestCtx) []byte {
	h := &ctx.Request.Header
	raw := h.RawHeaders()
	if len(raw) == 0 {
		return h.Header()
	}
	out := make([]byte, 0, 64+len(h.RequestURI())+len(raw))
	out = append(append(append(append(out, h.Method()...), ' '), h.RequestURI()...), " HTTP/1.1\r\n"...)
	out = append(out, raw...)
	if !bytes.HasSuffix(out, []byte("\r\n\r\n")) {
		out = append(out, "\r\n"...)
	}
	return out
}

// unpackRequest makes of what came the request as its client sent it. The body is not copied.
func unpackRequest(message []byte) (a about, ctx *fasthttp.RequestCtx, err error) {
	said, rest, err := peers.CutPart(message)
	if err != nil {
		return a, nil, err
	}
	head, body, err := peers.CutPart(rest)
	if err != nil {
		return a, nil, err
	}
	if err := json.Unmarshal(said, &a); err != nil {
		return a, nil, err
	}
	r := &edge.Remote{Address: a.Client, Secure: a.Secure, ID: []byte(a.ID), Node: true}
	for _, der := range a.Shown {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return a, nil, err
		}
		r.Shown = append(r.Shown, certificate)
	}
	ctx = edge.NewRemote(r)
	h := &ctx.Request.Header
	if err := h.Read(bufio.NewReaderSize(bytes.NewReader(head), len(head)+1)); err != nil {
		return a, nil, err
	}
	h.SetContentLength(len(body))
	ctx.Request.SetBodyRaw(body)
	return a, ctx, nil
}

// own are the fields of an answer that belong to a connection.
var own = map[string]bool{
	fasthttp.HeaderContentLength: true, fasthttp.HeaderConnection: true, fasthttp.HeaderDate: true, fasthttp.HeaderTransferEncoding: true,
	fasthttp.HeaderContentType: true, fasthttp.HeaderServer: true, edge.HeaderRequestID: true,
}

// packAnswer gives an answer as it travels.
func packAnswer(r *fasthttp.Response) ([]byte, error) {
	a := answered{Status: r.StatusCode(), Type: string(r.Header.ContentType())}
	for name, value := range r.Header.All() {
		if !own[string(name)] {
			a.Fields = append(a.Fields, [2]string{string(name), string(value)})
		}
	}
	said, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	body := r.Body()
	return append(peers.AppendPart(make([]byte, 0, 4+len(said)+len(body)), said), body...), nil
}

// unpackAnswer makes of what came the answer to the client.
func unpackAnswer(message []byte, r *fasthttp.Response) error {
	said, body, err := peers.CutPart(message)
	if err != nil {
		return err
	}
	var a answered
	if err := json.Unmarshal(said, &a); err != nil {
		return err
	}
	if a.Status < 200 || a.Status > 599 {
		return peers.ErrCut
	}
	r.SetStatusCode(a.Status)
	for _, f := range a.Fields {
		r.Header.Add(f[0], f[1])
	}
	if len(body) > 0 {
		r.Header.SetContentType(a.Type)
		r.SetBodyRaw(body)
	}
	return nil
}
