package signature

// svix is what became Standard Webhooks, with the headers of its maker
// (docs.svix.com/receiving/verifying-payloads/how-manual). The two families do
// not mix: an id of one is not covered by a signature of the other.
var svix = func() descriptor {
	d := standard
	d.name = "svix"
	d.header, d.timestamp, d.id = "svix-signature", "svix-timestamp", "svix-id"
	d.deliveryID = "header:svix-id"
	return d
}()
