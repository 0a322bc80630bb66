package signature

// ProvedID gives the id that a verified request proves to have: the jti of its token,
// where the type's senders put no other (SPEC 17). nil: it has none, and DeliveryID
// has the word. It is good until the request ends.
func (v *Verifier) ProvedID(r *Request) []byte {
	p, is := v.proof.(*tokenProof)
	if !is || v.deliveryID != "" {
		return nil
	}
	t, err := p.read(r)
	if err != nil {
		return nil
	}
	defer t.close()
	id, _ := t.claims.text("jti")
	return append([]byte(nil), id...)
}
