package pebblestore

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// Layout of keys. A key is one kind byte, the tenant's id, a zero byte, and the
// rest: so all that a tenant has of one kind is one range, and what expires
// together lies together. Numbers are big-endian, ulid is 16 bytes, day and
// period are 4 bytes (see dayOf, periodOf), at is 8 bytes (see appendMoment).
//
//	kind            rest                    value            expires
//	kindWait        ulid                    open wait        when it ends
//	kindResumed     ulid                    resumed wait     by ULID, after gateway.OutcomeKept
//	kindTimedOut    ulid                    timed out wait   by ULID, after gateway.OutcomeKept
//	kindGivenUp     ulid                    cancelled wait   by ULID, after gateway.OutcomeKept
//	kindByWait      day value ulid          nothing          by day of the ULID, with them
//	kindWaitBlock   day value ulid          more ULIDs       with kindByWait
//	kindEnded       day source 0 key        Ended            by day of ending
//	kindMark        day mark                Mark             by day of its Expires
//	kindNames       period name             Names            by period of last use
//	kindOwn         period key              nothing          by period of its last event
//	kindTrace       day key 0 at id         Trace            by day it happened; none of an event that is Lined
//	kindParked      ulid of the callback    Parked           by ULID, or its wait takes it
//	kindDue         endpoint 0 at ulid      conversation …   when settled
//	kindUnfinished  ulid                    pending Delivery when settled
//	kindRetrying    ulid                    retrying one     when settled
//	kindDelivery    ulid                    succeeded one    by ULID
//	kindCancelled   ulid                    cancelled one    by ULID
//	kindByDelivery  day value ulid          nothing          by day of the ULID, with those that ended
//	kindKeptBy      day value ulid          nothing          when nothing so old is unfinished
//	kindCallback    ulid                    Callback         by ULID, as events
//	kindByCallback  day value ulid          nothing          by day of the ULID, with them
//	kindCallbackBlock day value ulid        more ULIDs       with kindByCallback
//	kindCall        ulid                    Call             by ULID, as events
//	kindByCall      day value ulid          nothing          by day of the ULID, with them
//	kindCallBlock   day value ulid          more ULIDs       with kindByCall
//	kindWide        ulid of delivery        nothing          when it ends
//	kindDeliveryBlock day value ulid        more ULIDs       with kindByDelivery
//	kindEvent       ulid                    Event            by ULID
//	kindByEvent     day value ulid          nothing          by day of the ULID, with them and their deliveries
//	kindEventBlock  day value ulid          more ULIDs       with kindByEvent
//	kindIndex       ulid of event, delivery nothing          by ULID of the event, with it and its deliveries; none of a delivery beside it
//	kindAttempt     ulid of delivery, n     Attempt          by ULID
//	kindKeptEvent   ulid                    Event            when nothing so old is unfinished
//	kindKeptIndex   ulid of event, delivery nothing          when nothing so old is unfinished
//	kindKeptAttempt ulid of delivery, n     Attempt          when nothing so old is unfinished
//	kindDead        day ulid                dead Delivery    by day of death
//	kindDeadBy      day value ulid          nothing          by day of death
//	kindDeadEvent   day ulid                Event            by day of death
//	kindDeadAttempt day ulid of delivery, n Attempt          by day of death
//	kindPending     ulid                    PendingCall      when settled
//	kindJob         ulid                    Job              by ULID, when it ended gateway.JobKept ago
//	kindJobPart     ulid of job, number     delivery ULIDs   when it ends
//	kindHold        endpoint 0 conversation Hold             when cleared
//	kindStatus      endpoint                EndpointStatus   with its endpoint
//	kindDrop        endpoint                drop             when all of it is swept
//	kindDrop        endpoint 0 ulid         exempt of it     with it
//	kindFanout      ulid of first delivery  Fanout           when all of it is made
//	kindFanout      ulid 1                  how many of it   with it
//	kindMinute      hour series 0 minute    figures          by hour
//	kindHour        day series 0 hour       figures          by day
//
// A conversation is its hash, 8 bytes, and so is a value (postings.go). An ended Delivery
// has its last attempt with it, unless that is large.
//
// What somebody did with a tenant outlives it: these do not go with it. A line lies in one
// place, whose tenant is "", and is found by each tenant that it is shown to.
//
//	kindAudit       ulid                    AuditLine        by ULID, after Options.AuditKept
//	kindAuditOf     ulid                    nothing          by ULID, with it
//	kindChange      ulid                    AuditLine        by ULID, after changesKept
//	kindChangeOf    ulid                    nothing          by ULID, with it
//
// Two kinds belong to no tenant, and never expire:
//
//	kindResource    kind 0 tenant 0 id      gateway.Record
//	kindMeta        name                    bytes
const (
	kindMeta          = 'M'
	kindResource      = 'R'
	kindWait          = 'w'
	kindEnded         = 'e'
	kindMark          = 'm'
	kindNames         = 'n'
	kindOwn           = 'o'
	kindTrace         = 't'
	kindParked        = 'p'
	kindDue           = 'x'
	kindUnfinished    = 'q'
	kindDelivery      = 'd'
	kindEvent         = 'v'
	kindAttempt       = 'a'
	kindKeptEvent     = 'k'
	kindKeptAttempt   = 'j'
	kindDead          = 'D'
	kindDeadEvent     = 'E'
	kindDeadAttempt   = 'A'
	kindWide          = 'y'
	kindIndex         = 'i'
	kindKeptIndex     = 'l'
	kindPending       = 'c'
	kindHold          = 'h'
	kindStatus        = 's'
	kindDrop          = 'z'
	kindFanout        = 'f'
	kindRetrying      = 'r'
	kindCancelled     = 'C'
	kindResumed       = 'W'
	kindTimedOut      = 'T'
	kindGivenUp       = 'X'
	kindByDelivery    = 'b'
	kindKeptBy        = 'B'
	kindDeadBy        = 'G'
	kindByEvent       = 'V'
	kindByWait        = 'g'
	kindEventBlock    = 'N'
	kindDeliveryBlock = 'Q'
	kindWaitBlock     = 'P'
	kindMinute        = 'I'
	kindHour          = 'Z'
	kindAudit         = 'U'
	kindAuditOf       = 'u'
	kindJob           = 'J'
	kindJobPart       = 'Y'
	kindCallback      = 'K'
	kindByCallback    = 'H'
	kindCallbackBlock = 'L'
	kindCall          = 'O'
	kindByCall        = 'S'
	kindCallBlock     = 'F'
	kindChange        = '1'
	kindChangeOf      = '2'
)

// tenantKinds are the kinds whose keys begin with a tenant.
const tenantKinds = "wemnotpxqdvakjDEAyilchszfrCWTXbBGVgNQPJYIZKHLOSF"

// kindWords say in an error what a record was, without its content.
var kindWords = map[byte]string{
	kindMeta: "meta value", kindResource: "resource", kindWait: "wait", kindEnded: "end of a wait", kindMark: "mark",
	kindNames: "names", kindOwn: "own key", kindTrace: "trace", kindParked: "parked callback", kindDue: "due entry", kindUnfinished: "unfinished delivery",
	kindDelivery: "delivery", kindEvent: "event", kindAttempt: "attempt", kindKeptEvent: "kept event", kindKeptAttempt: "kept attempt",
	kindDead: "dead letter", kindDeadEvent: "event of a dead letter", kindDeadAttempt: "attempt of a dead letter",
	kindWide: "wide delivery", kindIndex: "delivery of an event", kindKeptIndex: "kept delivery of an event", kindPending: "pending call",
	kindHold: "hold", kindStatus: "status of an endpoint",
	kindDrop: "deletion of an endpoint", kindFanout: "fan-out of a publish",
	kindRetrying: "retrying delivery", kindCancelled: "cancelled delivery",
	kindResumed: "resumed wait", kindTimedOut: "timed out wait", kindGivenUp: "cancelled wait",
	kindByDelivery: "posting of a delivery", kindKeptBy: "kept posting of a delivery", kindDeadBy: "posting of a dead letter",
	kindByEvent: "posting of an event", kindByWait: "posting of a wait",
	kindChange: "line of what changed", kindChangeOf: "posting of a line of what changed",
	kindAudit: "line of the audit", kindAuditOf: "posting of a line of the audit",
	kindEventBlock: "postings of events", kindDeliveryBlock: "postings of deliveries", kindWaitBlock: "postings of waits",
	kindCallback: "callback", kindByCallback: "posting of a callback", kindCallbackBlock: "postings of callbacks",
	kindCall: "call", kindByCall: "posting of a call", kindCallBlock: "postings of calls",
	kindJob: "job", kindJobPart: "part of a job",
	kindMinute: "figures of a minute", kindHour: "figures of an hour",
}

const (
	day    = 24 * time.Hour
	period = 10 * day // of names: their lifetime is a few of these
	ulidAt = 16       // bytes of a ULID in a key
)

// appendPrefix appends what all keys of a kind and tenant begin with.
func appendPrefix(dst []byte, kind byte, tenant string) []byte {
	dst = append(dst, kind)
	dst = append(dst, tenant...)
	return append(dst, 0)
}

// pastPrefix turns what appendPrefix gave into the bound above all such keys.
func pastPrefix(prefix []byte) []byte {
	past := append([]byte(nil), prefix...)
	past[len(past)-1] = 1
	return past
}

// tenantOf reads the tenant back out of a key.
func tenantOf(key []byte) (tenant string, rest []byte, ok bool) {
	for i := 1; i < len(key); i++ {
		if key[i] == 0 {
			return string(key[1:i]), key[i+1:], true
		}
	}
	return "", nil, false
}

// cutText reads text that a zero byte ends.
func cutText(rest []byte) (text string, after []byte, ok bool) {
	for i, c := range rest {
		if c == 0 {
			return string(rest[:i]), rest[i+1:], true
		}
	}
	return "", nil, false
}

// keyable says whether texts may be parts of a key: a zero byte would end them.
func keyable(texts ...string) bool {
	for _, text := range texts {
		if strings.IndexByte(text, 0) >= 0 {
			return false
		}
	}
	return true
}

func appendDay(dst []byte, at time.Time) []byte {
	return binary.BigEndian.AppendUint32(dst, dayOf(at))
}

// dayOf numbers the days since 1970; what lies before is day 0.
func dayOf(at time.Time) uint32 { return bucketOf(at, day) }

// periodOf numbers the periods of names.
func periodOf(at time.Time) uint32 { return bucketOf(at, period) }

func bucketOf(at time.Time, size time.Duration) uint32 {
	return uint32(max(0, at.Unix()/int64(size/time.Second)))
}

// floorULID is the lowest ULID of a moment.
func floorULID(at time.Time) ulid.ULID {
	u, _ := gateway.ParseID("", gateway.IDFloor("", at))
	return u
}

func timeOfULID(u []byte) time.Time { return record.AsULID(u).Timestamp().UTC() }

// corrupt says that a record of a kind, or its key, is not whole.
func corrupt(kind byte) error { return record.Corrupt(kindWords[kind]) }
