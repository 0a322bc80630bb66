package respond

import (
	"slices"
	"strings"
)

// What an answer says beside its body is read by more than its sender: by browsers, which
// hold some of it for all of the host, whose other pages are those of other tenants and of
// the operator's routes; and by the operator's proxies, which do what an answer from behind
// them says. Neither is a tenant's to steer (SPEC 16).
var (
	// ours are the fields that the answer has anyway, lower case.
	ours = []string{"content-type", "content-length", "location", "retry-after", "allow", "date", "server", "x-content-type-options", "x-request-id"}
	// common are those that hold for all of the host.
	common = []string{"clear-site-data", "strict-transport-security", "alt-svc", "service-worker-allowed", "access-control-allow-credentials",
		"public-key-pins", "public-key-pins-report-only", "expect-ct", "nel", "report-to", "reporting-endpoints", "origin-agent-cluster", "origin-trial",
		"critical-ch", "accept-ch", "shared-storage-write", "use-as-dictionary", "www-authenticate", "authentication-info", "activate-storage-access",
		"x-permitted-cross-domain-policies", "observe-browsing-topics"}
	commonFamilies = []string{"set-", "sec-", "secure-session-", "attribution-reporting-"} // set-cookie, set-login
	// proxied are those by which proxies and web servers, and networks that deliver for the
	// operator, let an answer choose what they send or keep in its place, and for how long.
	proxied         = []string{"via", "forwarded", "status", "x-sendfile", "x-real-ip", "edge-control", "x-cache-tags", "cache-tag", "cache-tags", "x-tornado-sendfile", "x-original-url", "x-rewrite-url"}
	proxiedFamilies = []string{"x-accel-", "x-sendfile-", "x-lighttpd-", "x-litespeed-", "x-lsadc-", "x-reproxy-", "x-envoy-", "x-forwarded-", "x-varnish-", "x-nginx-",
		"x-akamai-", "x-amz-", "x-azure-", "x-fastly-", "proxy-", "surrogate-", "cdn-", "cf-", "cloudflare-", "akamai-", "fastly-", "netlify-", "vercel-"}
	// fixed are those whose values steer a browser: nothing of a sender's goes into them.
	fixed         = []string{"refresh", "link", "content-security-policy", "content-security-policy-report-only", "content-disposition", "content-encoding", "speculation-rules", "sourcemap"}
	fixedFamilies = []string{"access-control-"}
)

// maxName is the longest name of a field, in bytes: no program has a longer one.
const maxName = 256

// Refuses says why nobody may set a field of an answer; "" where he may.
func Refuses(name string) (why string) {
	lower := strings.ToLower(name[:min(len(name), maxName)])
	switch {
	case len(name) > maxName:
		return "has a name of more than 256 bytes"
	case slices.Contains(ours, lower) || strings.HasPrefix(lower, "hookgate-"):
		return "is a field of the answer itself"
	case within(lower, common, commonFamilies):
		return "holds for all of the host, which others answer at, too"
	case within(lower, proxied, proxiedFamilies):
		return "steers proxies and web servers on the way, which others share"
	}
	return ""
}

// Steers says whether the value of a field steers a browser, so that it must be written
// out, and not come from a sender.
func Steers(name string) bool { return within(strings.ToLower(name), fixed, fixedFamilies) }

func within(lower string, names, families []string) bool {
	return slices.Contains(names, lower) || slices.ContainsFunc(families, func(begins string) bool { return strings.HasPrefix(lower, begins) })
}
