package calling

// enter enters the life of the tenant whose call it is, for as long as something is
// stored of it: false when the tenant is no more. It must not last while the call's
// last error is told, which waits for who deletes the tenant.
func (k *call) enter() bool { return k.Webhook == nil || k.Webhook.Tenant.Life.Enter() }

func (k *call) leave() {
	if k.Webhook != nil {
		k.Webhook.Tenant.Life.Leave()
	}
}
