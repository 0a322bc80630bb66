package inbound

import (
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
)

// accept finds the source and reads the body, at most as much as it may have. A body
// may take its time: the source that counts is the one at its end (SPEC 16).
func (r *request) accept() done {
	in := r.in
	snapshot := in.options.Directory.Current()
	r.src = sourceIn(snapshot, r)
	body, err := edge.ReadBody(r.ctx, in.bodyLimit(r.src))
	if now := in.options.Directory.Current(); now != snapshot {
		r.src = sourceIn(now, r)
	}
	if err != nil {
		return r.fail(err)
	}
	if int64(len(body)) > in.bodyLimit(r.src) {
		return r.finish(gateway.OutcomeTooLarge)
	}
	r.received, r.proof.Body, r.proof.Now = body, body, r.at
	r.proof.Method = r.caller.Method()
	if r.src == nil {
		// Who guesses names learns nothing from the time that the answer takes.
		_ = in.decoy.Verify(&r.proof)
		return r.finish(gateway.OutcomeNotFound)
	}
	return false
}

// sourceIn gives the source of a request; nil where there is none in service.
func sourceIn(s *directory.Snapshot, r *request) *directory.Source {
	if t := s.TenantBytes(r.tenant); t != nil {
		if src := t.SourceBytes(r.source); src != nil && src.Enabled {
			return src
		}
	}
	return nil
}

// BodyLimit says how large a body may be, before it is read.
func (in *Inbound) BodyLimit(tenant, source []byte) int64 {
	if t := in.options.Directory.Current().TenantBytes(tenant); t != nil {
		return in.bodyLimit(t.SourceBytes(source))
	}
	return in.bodyLimit(nil)
}

// TooLarge counts a callback that was refused before it was read, because it
// announced more than its source takes.
func (in *Inbound) TooLarge(method, path, tenant, source []byte) {
	if t := in.options.Directory.Current().TenantBytes(tenant); t != nil {
		if src := t.SourceBytes(source); src != nil && src.Enabled {
			src.Metrics.Callback(string(gateway.OutcomeTooLarge))
			in.options.Observer.Happened(gateway.Happening{
				Kind: gateway.HappenedCallback, Tenant: t.ID, At: in.options.Now(), Target: src.ID, Outcome: string(gateway.OutcomeTooLarge),
			})
			in.keepUnread(src, method, path)
		}
	}
}

// bodyLimit is that of a source; of one that is not there it is the default.
func (in *Inbound) bodyLimit(src *directory.Source) int64 {
	if src == nil {
		return int64(in.options.MaxBody)
	}
	return int64(src.MaxBody)
}
