package gateway

// CORS says which web pages may call a source or a relay route from a browser, and read
// its answers (SPEC 15 "How it came"). Credentials of the browser are never taken.
type CORS struct {
	Origins Texts `json:"origins"`           // as https://shop.example.com; "*" is every page
	Headers Texts `json:"headers,omitempty"` // that such a page may send; default Content-Type
}
