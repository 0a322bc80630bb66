// Package storetest holds every store to what the ways ask of one: each promise of what
// waiting, calling, publishing, outbound and resources need is a test that any store can
// run (Run).
package storetest

import (
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/calling"
	"hookgate/gateway/changes"
	"hookgate/gateway/jobs"
	"hookgate/gateway/outbound"
	"hookgate/gateway/publishing"
	"hookgate/gateway/resources"
	"hookgate/gateway/store"
	"hookgate/gateway/waiting"
)

// Store is all that the ways need of a store, and what tests need beside it.
type Store interface {
	waiting.Ledger
	waiting.Archive
	waiting.Recovery
	calling.Store
	jobs.Store
	publishing.Store
	outbound.Backlog
	outbound.Statuses
	outbound.Archive
	resources.Store

	// What the API reads: see gateway/api.
	Events(q store.Query, visit func(*gateway.Event) (more bool)) (next string, err error)
	EventAlone(tenant, id string) (*gateway.Event, error)
	EventDeliveries(tenant, id string, visit func(gateway.EventDelivery) (more bool)) error
	Deliveries(q store.Query, most gateway.AttemptBounds, visit func(*gateway.Delivery, []gateway.Attempt) (more bool)) (next string, err error)
	changes.Store
	Callback(tenant, id string) (gateway.Callback, error)
	Callbacks(q store.Query, visit func(*gateway.Callback) (more bool)) (next string, err error)
	Call(tenant, id string) (*gateway.Call, error)
	Calls(q store.Query, visit func(*gateway.Call) (more bool)) (next string, err error)
	ReadDelivery(tenant, id string, most gateway.AttemptBounds) (*gateway.Delivery, []gateway.Attempt, error)

	// Expire removes what is too old at now.
	Expire(now time.Time) error
	Close() error
}

// Opener opens a store on a place that is its own. Opened again after Close, it
// holds what it held. now is the clock that the store goes by.
type Opener func(now func() time.Time) Store

// Run holds a store to its promises. fresh gives each test an empty place.
func Run(t *testing.T, fresh func(t *testing.T) Opener) {
	for _, part := range []struct {
		name string
		test func(*kit)
	}{
		{"WaitRoundTrip", waitRoundTrip},
		{"WaitOutcomeKept", waitOutcomeKept},
		{"WaitsOrderAndCursor", waitsOrderAndCursor},
		{"WaitsOfTenantsApart", waitsOfTenantsApart},
		{"CommitIsWhole", commitIsWhole},
		{"CommitRefusesWhole", commitRefusesWhole},
		{"EndedLastsADay", endedLastsADay},
		{"EndedIsTheLast", endedIsTheLast},
		{"MarkOfEveryWindow", markOfEveryWindow},
		{"MarkReplaced", markReplaced},
		{"NamesUnderEach", namesUnderEach},
		{"NamesForgotten", namesForgotten},
		{"OwnKeysRemembered", ownKeysRemembered},
		{"FiguresRoundTrip", figuresRoundTrip},
		{"FiguresExpire", figuresExpire},
		{"ParkedRoundTrip", parkedRoundTrip},
		{"ParkedExpires", parkedExpires},
		{"TracesInOrder", tracesInOrder},
		{"TracesBounded", tracesBounded},
		{"TracesPaged", tracesPaged},
		{"LinedEvents", linedEvents},
		{"LinedExpire", linedExpire},
		{"TracesReplaced", tracesReplaced},
		{"TracesExpire", tracesExpire},
		{"CallbacksAnswerQueries", callbacksAnswerQueries},
		{"CallbacksAreLines", callbacksAreLines},
		{"CallbacksTellEnds", callbacksTellEnds},
		{"CallsRoundTrip", callsRoundTrip},
		{"CallsAnswerQueries", callsAnswerQueries},
		{"ToldCostWhatTheyAnswer", toldCostWhatTheyAnswer},
		{"ToldExpire", toldExpire},
		{"ChangesAreKept", changesAreKept},
		{"RecoverOpenOnly", recoverOpenOnly},
		{"RecoverAfterRelease", recoverAfterRelease},
		{"RecoverAfterClockSetBack", recoverAfterClockSetBack},
		{"OpenWaitOutlivesDowntime", openWaitOutlivesDowntime},
		{"JobsRoundTrip", jobsRoundTrip},
		{"JobsExpire", jobsExpire},
		{"QueueLanes", queueLanes},
		{"QueueWindowPages", queueWindowPages},
		{"QueueLoad", queueLoad},
		{"QueueRetries", queueRetries},
		{"QueueLends", queueLends},
		{"QueueEnds", queueEnds},
		{"QueueSettlesNothingGone", queueSettlesNothingGone},
		{"QueueListsNewestFirst", queueListsNewestFirst},
		{"QueueEndedExpires", queueEndedExpires},
		{"QueueDeadOutlives", queueDeadOutlives},
		{"QueueUnfinishedOutlives", queueUnfinishedOutlives},
		{"AcceptRoundTrip", acceptRoundTrip},
		{"AcceptWhole", acceptWhole},
		{"AcceptThousand", acceptThousand},
		{"FanOutRoundTrip", fanOutRoundTrip},
		{"FanOutWhole", fanOutWhole},
		{"FanOutToADropped", fanOutToADropped},
		{"FanOutOfADeleted", fanOutOfADeleted},
		{"MarkAnswer", markAnswer},
		{"RelayRoundTrip", relayRoundTrip},
		{"RelayOutlives", relayOutlives},
		{"RelayDies", relayDies},
		{"WindowOfEqualTimes", windowOfEqualTimes},
		{"EventsCursor", eventsCursor},
		{"EventOfNotice", eventOfNotice},
		{"EventExpires", eventExpires},
		{"EventKeptForUnfinished", eventKeptForUnfinished},
		{"AttemptLargeAndSmall", attemptLargeAndSmall},
		{"AttemptsWithinBounds", attemptsWithinBounds},
		{"AttemptsOfTheDead", attemptsOfTheDead},
		{"EventDeliveriesUntilEnough", eventDeliveriesUntilEnough},
		{"WaitsWithoutBodies", waitsWithoutBodies},
		{"ListsAnswerQueries", listsAnswerQueries},
		{"ListsCostWhatTheyAnswer", listsCostWhatTheyAnswer},
		{"ListsOfOneEvent", listsOfOneEvent},
		{"ListsOutlive", listsOutlive},
		{"SlotsAreAskedApart", slotsAreAskedApart},
		{"SlotsAreReleasedApart", slotsAreReleasedApart},
		{"RequeueEnded", requeueEnded},
		{"RequeueWaiting", requeueWaiting},
		{"RequeueMoved", requeueMoved},
		{"RequeueDeadOfOneDay", requeueDeadOfOneDay},
		{"RequeueDeadLongAfter", requeueDeadLongAfter},
		{"RequeueExpired", requeueExpired},
		{"RequeueRefusesEnded", requeueRefusesEnded},
		{"Merge", merges},
		{"MergeRefuses", mergeRefuses},
		{"MergeOutlivesItsEvents", mergeOutlivesItsEvents},
		{"Cancel", cancels},
		{"CancelOrSettle", cancelOrSettle},
		{"CancelWhileSettled", cancelWhileSettled},
		{"DropLane", dropLane},
		{"DropLaneOfMany", dropLaneOfMany},
		{"Holds", holds},
		{"Status", status},
		{"PendingRoundTrip", pendingRoundTrip},
		{"PendingOldestFirst", pendingOldestFirst},
		{"PendingSettles", pendingSettles},
		{"PendingSettlesNothingGone", pendingSettlesNothingGone},
		{"PendingOutlives", pendingOutlives},
		{"PendingRefusesStrangeIDs", pendingRefusesStrangeIDs},
		{"ResourcesInOrder", resourcesInOrder},
		{"ResourcesWhole", resourcesWhole},
		{"DeleteTenantLeavesNothing", deleteTenantLeavesNothing},
		{"AuditComesWithItsChange", auditComesWithItsChange},
		{"AuditComesWithDeeds", auditComesWithDeeds},
		{"AuditIsShownTo", auditIsShownTo},
		{"AuditOutlivesTenants", auditOutlivesTenants},
		{"StrangeIDs", strangeIDs},
	} {
		t.Run(part.name, func(t *testing.T) {
			k := &kit{T: t, now: start, opener: fresh(t), beside: map[string]int{}}
			k.open()
			t.Cleanup(k.close)
			part.test(k)
		})
	}
}

// start is some moment in the middle of a day.
var start = time.Date(2026, time.March, 14, 15, 9, 26, 535_897_932, time.UTC)

// kit is one test's store and clock.
type kit struct {
	*testing.T
	Store
	now    time.Time
	clock  atomic.Pointer[time.Time] // now, for the store
	opener Opener
	beside map[string]int // deliveries whose ids are beside that of an event
	made   int            // deliveries
}

func (k *kit) open() {
	k.set(k.now)
	k.Store = k.opener(func() time.Time { return *k.clock.Load() })
}

// set sets the clock, which the store reads at any time.
func (k *kit) set(now time.Time) {
	k.now = now
	k.clock.Store(&now)
}

func (k *kit) close() {
	if err := k.Store.Close(); err != nil {
		k.Errorf("close: %v", err)
	}
}

// reopen closes the store and opens it on the same data.
func (k *kit) reopen() {
	k.Helper()
	k.close()
	k.open()
}

// pass lets time go by, and the store expire what is too old.
func (k *kit) pass(d time.Duration) {
	k.Helper()
	k.set(k.now.Add(d))
	k.must(k.Expire(k.now))
}

// twice runs a check now, and again on the store opened anew.
func (k *kit) twice(check func()) {
	k.Helper()
	check()
	k.reopen()
	check()
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kit) commit(changes ...*gateway.Change) {
	k.Helper()
	k.must(k.Commit(changes...))
}

func (k *kit) same(what string, got, want any) {
	k.Helper()
	if !reflect.DeepEqual(got, want) {
		k.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// tenants are two of which one's id begins with the other's.
const (
	acme  = "acme"
	acmeB = "acme-b"
)
