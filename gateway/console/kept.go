package console

import (
	"cmp"
	"time"

	"hookgate/gateway"
)

// kept is the line under a list: how long what it shows is kept, and what retention took.
type kept struct {
	Text string
	Took *time.Time // what was before it is gone; nil: retention takes nothing by its age
	What string     // happened to it before: "was made", "ended"; "": it was
	// Beyond says that a filter asks for what may be gone.
	Beyond bool
}

// keeping gives the line of one kind of list.
type keeping func(*view) kept

// keptOf gives the line under a list.
func keptOf(v *view, of keeping) kept {
	k := of(v)
	if since, err := time.Parse(time.DateOnly, v.query.Get("since")); k.Took != nil && err == nil {
		k.Beyond = since.Before(*k.Took)
	} else if since, err := time.Parse(time.RFC3339, v.query.Get("since")); k.Took != nil && err == nil {
		k.Beyond = since.Before(*k.Took)
	}
	return k
}

// retention is how long a tenant's past is kept; what it does not say is the default (SPEC 16).
type retention struct {
	Events     duration `json:"events"`
	Deliveries duration `json:"deliveries"`
	Dead       duration `json:"dead"`
}

func retentionOf(v *view) retention {
	const week, month = duration(7 * 24 * time.Hour), duration(30 * 24 * time.Hour)
	var t struct {
		Retention retention `json:"retention"`
	}
	_ = v.get(v.of(), nil, &t) // who may not read it is told the defaults of all
	r := t.Retention
	return retention{cmp.Or(r.Events, week), cmp.Or(r.Deliveries, week), cmp.Or(r.Dead, month)}
}

// before is the moment before which retention took all.
func before(v *view, d duration) *time.Time {
	at := v.now.Add(-time.Duration(d))
	return &at
}

// long writes how long something is kept, as the configuration does: 7d.
func long(d duration) string { return gateway.Duration(d).String() }

func keptDeliveries(v *view) kept {
	r := retentionOf(v)
	return kept{"Deliveries are kept for " + long(r.Deliveries) + ", dead letters for " + long(r.Dead) + " from their death; what has not ended stays.", before(v, r.Deliveries), "was made", false}
}

func keptDead(v *view) kept {
	r := retentionOf(v)
	return kept{"Dead letters are kept for " + long(r.Dead) + " from their death.", before(v, r.Dead), "died", false}
}

func keptEvents(v *view) kept {
	r := retentionOf(v)
	return kept{"Events are kept for " + long(r.Events) + ".", before(v, r.Events), "was accepted", false}
}

func keptCallbacks(v *view) kept {
	r := retentionOf(v)
	return kept{"Callbacks are kept for " + long(r.Events) + ", as events are.", before(v, r.Events), "came", false}
}

func keptCalls(v *view) kept {
	r := retentionOf(v)
	return kept{"Calls are kept for " + long(r.Events) + ", as events are.", before(v, r.Events), "was made", false}
}

func keptConversation(v *view) kept {
	r := retentionOf(v)
	return kept{"Events, callbacks and calls are kept for " + long(r.Events) + ", deliveries for " + long(r.Deliveries) + ", waits for " + long(duration(gateway.OutcomeKept)) + " after their end.", before(v, max(r.Events, r.Deliveries)), "", false}
}

func keptWaits(v *view) kept {
	return kept{"A wait is kept for " + long(duration(gateway.OutcomeKept)) + " after its end; one that is open stays.", before(v, duration(gateway.OutcomeKept)), "ended", false}
}

func keptJobs(v *view) kept {
	return kept{"A job is kept for " + long(duration(gateway.JobKept)) + " after its end.", before(v, duration(gateway.JobKept)), "ended", false}
}

func keptAudit(v *view) kept {
	var info struct {
		Audit duration `json:"audit_retention"`
	}
	if v.get("/info", nil, &info) != nil || info.Audit <= 0 {
		return kept{}
	}
	return kept{"Lines are kept for " + long(info.Audit) + ", as audit.retention says.", before(v, info.Audit), "was written", false}
}

func keptChanges(v *view) kept {
	const month = duration(30 * 24 * time.Hour) // SPEC-console C5
	return kept{"Figures of minutes are kept for 24h, of hours for 30d, of days longer; changes for 30d.", before(v, month), "", false}
}

func keptRequests(*view) kept {
	return kept{Text: "The newest of each source and route are kept, in memory, refused ones too: as many as requests.per_source says, and none from before the last start."}
}

func keptUntilDeleted(*view) kept {
	return kept{Text: "What is here stays until somebody deletes it; retention takes none of it."}
}

func keptInFile(*view) kept {
	return kept{Text: "What is here stands in the configuration file, and stays as long as it does."}
}
