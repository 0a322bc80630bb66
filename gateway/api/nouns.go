package api

import "strings"

// nouns are those who do what calls ask for, a type a noun.
type nouns struct {
	tenants       tenants
	sources       sources
	endpoints     endpoints
	webhooks      webhooks
	calls         calls
	waits         waits
	events        events
	deliveries    deliveries
	conversations conversations
	tokens        tokens
	operator      operator
	connections   connections
}

func newNouns(o Options) *nouns {
	holder := newHolder(o)
	n := &nouns{
		tenants:       tenants{o.Resources.Tenants},
		sources:       sources{o.Resources.Sources, strings.TrimRight(o.PublicURL, "/")},
		endpoints:     endpoints{o.Resources.Endpoints, o.Lanes, o.Proofs, o.Hand, o.Publisher},
		webhooks:      webhooks{o.Resources.Webhooks, o.Calls},
		calls:         calls{o.Calls, o.Waits, holder},
		waits:         waits{o.Waits, holder},
		events:        events{o.Publisher, o.Events, o.Names},
		deliveries:    deliveries{o.Deliveries, o.Names, o.Hand, o.ListAnswer},
		conversations: conversations{o.Timelines, o.Events, o.Deliveries},
		tokens:        tokens{o.Resources.Tokens},
		operator:      operator{o.Reload},
	}
	n.connections = connections{&n.webhooks, o.Resources.Webhooks, o.Calls}
	return n
}
