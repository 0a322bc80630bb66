package gateway

import (
	"strconv"
	"time"
)

// JobState is where a bulk job stands.
type JobState string

// The states of a job (SPEC O2).
const (
	JobRunning   JobState = "running"
	JobDone      JobState = "done"
	JobCancelled JobState = "cancelled"
)

// JobKept is how long a job is shown after its end.
const JobKept = 7 * 24 * time.Hour

// DefaultJobRate is how many deliveries a second a job sends again to an endpoint without a
// rate_limit (SPEC O10).
const DefaultJobRate = 100.0

// Job sends many deliveries again, at a rate, those of one lane or of several (SPEC O2).
// Which those are was written down when it was made.
type Job struct {
	ID        string
	Tenant    string
	Endpoint  string // the lane; "": several
	State     JobState
	Rate      float64 // deliveries a second, of each lane; 0, of several: as each takes
	Total     int
	Done      int // made due, in the order of their making
	Failed    int // that were no more when it came to them
	CreatedAt time.Time
	EndedAt   time.Time
}

// Slot is the one whose owner runs it.
func (j *Job) Slot() Slot { return LaneKey{Tenant: j.Tenant, Endpoint: j.Endpoint}.Slot() }

// Left is how many deliveries it has not come to.
func (j *Job) Left() int { return j.Total - j.Done - j.Failed }

// AppendJSON appends the job as answers show it.
func (j *Job) AppendJSON(dst []byte) []byte {
	dst = AppendString(append(dst, `{"id":`...), j.ID)
	dst = AppendMember(dst, "kind", "replay")
	dst = AppendMember(dst, "tenant", j.Tenant)
	dst = AppendWord(append(dst, `,"endpoint":`...), j.Endpoint)
	dst = AppendMember(dst, "state", string(j.State))
	if dst = append(dst, `,"rate":`...); j.Rate > 0 {
		dst = strconv.AppendFloat(dst, j.Rate, 'g', -1, 64)
	} else {
		dst = append(dst, "null"...)
	}
	dst = strconv.AppendInt(append(dst, `,"total":`...), int64(j.Total), 10)
	dst = strconv.AppendInt(append(dst, `,"done":`...), int64(j.Done), 10)
	dst = strconv.AppendInt(append(dst, `,"failed":`...), int64(j.Failed), 10)
	dst = Time{j.CreatedAt}.AppendJSON(append(dst, `,"created_at":`...))
	return append(Time{j.EndedAt}.AppendJSON(append(dst, `,"ended_at":`...)), '}')
}
