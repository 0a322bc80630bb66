package directory

import (
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
)

// tokenConfig is what a type of verify that reads tokens is told.
func tokenConfig(v gateway.TokenVerify) signature.TokenConfig {
	c := signature.TokenConfig{
		Algorithms: v.Algorithms, PublicKeys: v.PublicKeys, JWKSURL: v.JWKSURL, Issuer: v.Issuer, Audience: v.Audience,
		Leeway: (*time.Duration)(v.Leeway), Email: v.Email, Issuers: v.Issuers, AppID: v.AppID,
		ClientKey: v.ClientKey, BaseURL: v.BaseURL, KID: v.KID, Endorsements: v.Endorsements,
		RequiredHeaders: v.RequiredHeaders,
	}
	if h := v.BodyHash; h != nil {
		c.BodyHash = &signature.BodyHash{Claim: h.Claim, Hash: h.Hash, Encoding: h.Encoding}
	}
	return c
}
