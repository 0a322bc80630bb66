package api

import "strings"

// nouns are those who do what calls ask for, a type a noun.
type nouns struct {
	tenants       tenants
	sources       sources
	endpoints     endpoints
	pulls         pulls
	webhooks      webhooks
	calls         calls
	waits         waits
	events        events
	deliveries    deliveries
	conversations conversations
	knowns        knowns
	tokens        tokens
	operator      operator
	requests      kept
	keep          keep
	cluster       clustered
	publicRoutes  publicRoutes
	connections   connections
	streams       streams
	statistics    statistics
	audit         audited
	bulk          bulk
	logins        logins
	callbacks     callbacks
	madeCalls     madeCalls
	changes       changed
	overviews     overviews
	searches      searches
	me            me
	settings      settings
	mapper        mapper
}

func newNouns(o Options) *nouns {
	holder, again := newHolder(o), &replays{o.Deliveries, o.Events, o.Jobs}
	n := &nouns{
		tenants:       tenants{o.Resources.Tenants, o.Resources.Export},
		sources:       sources{o.Resources.Sources, strings.TrimRight(o.PublicURL, "/"), o.Trier},
		endpoints:     endpoints{o.Resources.Endpoints, o.Lanes, o.Proofs, again, o.Publisher},
		pulls:         pulls{o.Pulls, o.Watcher, holder.accounts, o.ListAnswer, &farHolds{of: map[string]int{}}},
		webhooks:      webhooks{o.Resources.Webhooks, o.Calls},
		calls:         calls{o.Calls, o.Waits, holder, o.Resources.Webhooks},
		waits:         waits{o.Waits, holder},
		events:        events{o.Publisher, o.Events, o.Names},
		deliveries:    deliveries{o.Deliveries, o.Names, o.Hand, o.Lanes, again, o.ListAnswer, o.Resources.Knowns},
		conversations: conversations{o.Timelines, o.Events, o.Deliveries},
		knowns:        knowns{o.Resources.Knowns},
		tokens:        tokens{o.Resources.Tokens},
		operator:      operator{o.Reload},
		streams:       streams{o.Streams, o.Readers, o.Watcher},
		statistics:    statistics{o.Statistics},
		requests:      kept{o.Requests, o.Explainer, o.Resources.Sources},
		keep:          keep{o.Backups, o.Resume},
		cluster:       clustered{o.Nodes},
		audit:         audited{o.Resources.Audit},
		bulk:          bulk{o.Jobs},
		logins:        logins{o.Logins, o.Console},
		callbacks:     callbacks{o.Told, o.Names, o.Waits, o.Events, o.Requests},
		madeCalls:     madeCalls{o.Told, o.Names},
		changes:       changed{o.Changes},
		overviews:     overviews{o.Statistics},
		searches:      searches{o.Told, o.Waits, o.Events, o.Deliveries, o.Jobs, o.Names, o.Timelines},
		me:            me{o.Info},
		settings:      settings{o.Settings},
		mapper:        mapper{o.Mapping},
	}
	n.publicRoutes = publicRoutes{o.Upstreams, o.Whither, &n.requests}
	n.connections = connections{&n.webhooks, o.Resources.Webhooks, o.Calls}
	return n
}
