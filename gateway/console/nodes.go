package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hookgate/gateway/fields"
)

// nodeRow is one node of those on a database; of a gateway with a store of its own, that alone.
type nodeRow struct {
	ID           string     `json:"id"`
	Address      string     `json:"address"`
	Version      string     `json:"version"`
	Since        *time.Time `json:"since"`
	BeatMS       float64    `json:"beat_ms"`
	Slots        int        `json:"slots"`
	LagMS        float64    `json:"lag_ms"`
	ConfigDigest string     `json:"config_digest"`
	State        string     `json:"state"`
	Unreachable  []string   `json:"unreachable_from"`

	Differs bool   `json:"-"` // its configuration is not that of most
	Owns    bool   `json:"-"` // what was asked for
	Drain   string `json:"-"` // where it is drained; "": it is not to be
	Ask     string `json:"-"` // what is asked before
}

// nodesShown is what the page of nodes has beside the list.
type nodesShown struct {
	Owner  *nodeRow // of what was asked for; nil: nothing was
	What   string   // was asked for
	Gap    string   // why nobody can say whose it is now; "": somebody can
	Odd    bool     // two configurations differ
	Alone  bool     // there is one node that takes slots
	Driver string   // of the store; "": not known
	Every  int      // how often the page looks again by itself, in seconds
}

// A page of nodes looks again by itself, in seconds: a beat is no happening, nor is a slot that
// moves. At rest it may not ask more often (SPEC-console C4, the figures of an idle page).
const (
	lookAtRest   = 15
	lookInMotion = 2
)

const makeNodes = `store: { driver: postgres, url: "${DATABASE_URL}" }
internal: { addr: "10.0.0.7:8081" }
cluster: { advertise: "10.0.0.7:8081", secret: "${CLUSTER_SECRET}" }`

// nodesPage lists the nodes, and says which of them owns what somebody asks for.
func nodesPage(v *view) error {
	more := nodesShown{Every: lookAtRest}
	rows, shown, err := listOf[nodeRow](v, asksFor{path: "/nodes", whole: true, filters: []filter{{Name: "tenant", Label: "Who owns the tenant"}, {Name: "endpoint", Label: "and of it the endpoint"}}})
	tenant, endpoint := v.query.Get("tenant"), v.query.Get("endpoint")
	if p, is := asProblem(err); is && p.Status == http.StatusServiceUnavailable && tenant != "" {
		more.Gap, err = p.Error(), nil // between two owners, or the database is away: who there is can be seen
	}
	if err != nil {
		return err
	}
	if tenant != "" && shown.Wrong == nil {
		more.asked(rows, tenant, endpoint)
		shown.ownerOfNone(v, tenant, endpoint)
		var all struct {
			Data []nodeRow `json:"data"`
		}
		if err := v.get("/nodes", nil, &all); err != nil {
			return err
		}
		rows = all.Data
		shown.Rows, shown.Empty = rows, len(rows) == 0
	}
	more.judge(v, rows)
	var info struct {
		Store *struct{ Driver string }
	}
	if v.get("/info", nil, &info) == nil && info.Store != nil {
		more.Driver = info.Store.Driver
	}
	if more.Alone && more.Driver == "pebble" {
		shown.Make = makeNodes
	}
	shown.More, shown.Kept = more, keptOf(v, keptNodes)
	v.show("nodes", "Nodes", shown)
	return nil
}

// asked takes note of who owns what was asked for.
func (m *nodesShown) asked(owners []nodeRow, tenant, endpoint string) {
	m.What = "the waits and calls of " + tenant
	if endpoint != "" {
		m.What = "the deliveries to " + endpoint + " of " + tenant
	}
	switch {
	case len(owners) > 0:
		m.Owner = &owners[0]
	case m.Gap == "":
		m.Gap = "its node has gone just now"
	}
}

// ownerOfNone says where what was asked for is not there: its slot has an owner all the same.
func (l *listShown) ownerOfNone(v *view, tenant, endpoint string) {
	of := "/tenants/" + url.PathEscape(tenant)
	missing := func(path string) bool {
		p, is := asProblem(v.get(path, nil, nil))
		return is && p.Status == http.StatusNotFound
	}
	switch {
	case missing(of):
		l.Filters[0].Wrong = "there is no " + tenant + " now"
		if near := fields.Nearest(tenant, tenantsOf(v)); near != "" {
			l.Filters[0].Wrong += ", did you mean " + near + "?"
			l.Filters[0].Near, l.Filters[0].NearURL = near, v.with("tenant", near)
		}
	case endpoint != "" && !strings.HasPrefix(endpoint, "_") && missing(of+"/endpoints/"+url.PathEscape(endpoint)): // _platform and routes have lanes without a page
		l.Filters[1].Wrong = "there is no " + endpoint + " now"
	}
}

// judge says of each node what is to be said beside the others.
func (m *nodesShown) judge(v *view, rows []nodeRow) {
	usual, odd := usualDigest(rows)
	takers := 0
	for i := range rows {
		if rows[i].State == "ready" {
			takers++
		}
	}
	m.Odd, m.Alone = odd, takers < 2
	for i := range rows {
		n := &rows[i]
		n.Owns = m.Owner != nil && m.Owner.ID == n.ID
		n.Differs = odd && n.State != "gone" && n.ConfigDigest != usual
		if n.State == "ready" && !m.Alone && v.may(http.MethodPost, "/nodes/"+n.ID+"/drain") {
			n.Drain, n.Ask = v.base+"/nodes/"+url.PathEscape(n.ID)+"/drain", drainQuestion(n, takers-1)
		}
		if n.State != "ready" && n.Slots > 0 || n.State == "ready" && n.Slots == 0 || len(n.Unreachable) > 0 {
			m.Every = lookInMotion
		}
	}
}

// usualDigest gives the digest that more living nodes have than any other, and whether there are
// two; "" where no digest is that of most: then each of them differs.
func usualDigest(rows []nodeRow) (usual string, odd bool) {
	counts := map[string]int{}
	for i := range rows {
		if rows[i].State != "gone" {
			counts[rows[i].ConfigDigest]++
		}
	}
	most, tied := 0, false
	for digest, n := range counts {
		switch {
		case n > most:
			usual, most, tied = digest, n, false
		case n == most:
			tied = true
		}
	}
	if tied {
		usual = ""
	}
	return usual, len(counts) > 1
}

func drainQuestion(n *nodeRow, others int) string {
	return "Drain node " + n.ID + " at " + n.Address + "? It gives its " + counted(n.Slots, "slot", "slots") + " to " + counted(others, "other node", "other nodes") +
		", answers on, and takes none again before it is started anew."
}

var drainNode = deed{
	verb: "Drain",
	asks: func(v *view) (string, error) {
		var all struct {
			Data []nodeRow `json:"data"`
		}
		if err := v.get("/nodes", nil, &all); err != nil {
			return "", err
		}
		others := 0
		for i := range all.Data {
			if all.Data[i].State == "ready" && all.Data[i].ID != v.id {
				others++
			}
		}
		at := slices.IndexFunc(all.Data, func(n nodeRow) bool { return n.ID == v.id })
		if at < 0 {
			return "", &problemOf{Status: http.StatusNotFound}
		}
		return drainQuestion(&all.Data[at], others), nil
	},
	do: func(v *view, _ url.Values) (said, error) {
		_, err := v.ask(request{method: http.MethodPost, path: "/nodes/" + url.PathEscape(v.id) + "/drain"}, nil)
		return said{Text: "Node " + v.id + " gives its slots away; it can be stopped when it owns none. Who did it:", Name: "the audit", URL: v.base + "/audit?action=drain"}, err
	},
	back: func(v *view) string { return v.base + "/nodes" },
}

func keptNodes(*view) kept {
	return kept{Text: "Beat: for how long it has given no sign of life; after 5 s it is dead, and shown for an hour. Lag: by how much its last beat was late."}
}
