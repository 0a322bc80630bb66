package signature

import "time"

// calendly signs as Stripe does, in a window of three minutes (developer.calendly.com/
// api-docs, "Webhook signatures"). It sends no id of a delivery or an event.
var calendly = func() descriptor {
	d := stripe
	d.name, d.header = "calendly", "Calendly-Webhook-Signature"
	d.window, d.deliveryID = 3*time.Minute, ""
	return d
}()
