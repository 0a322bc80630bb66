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

// Job sends many deliveries of one lane again, at a rate (SPEC O2). Which those are was
// written down when it was made.
type Job struct {
	ID        string
	Tenant    string
	Endpoint  string // the lane
	State     JobState
	Rate      float64 // deliveries a second
	Total     int
	Done      int // made due, in the order of their making
	Failed    int // that were no more when it came to them
	CreatedAt time.Time
	EndedAt   time.Time
}

// Left is how many deliveries it has not come to.
func (j *Job) Left() int { return j.Total - j.Done - j.Failed }

// AppendJSON appends the job as answers show it.
func (j *Job) AppendJSON(dst []byte) []byte {
	dst = AppendString(append(dst, `{"id":`...), j.ID)
	dst = AppendMember(dst, "kind", "replay")
	dst = AppendMember(dst, "tenant", j.Tenant)
	dst = AppendMember(dst, "endpoint", j.Endpoint)
	dst = AppendMember(dst, "state", string(j.State))
	dst = strconv.AppendFloat(append(dst, `,"rate":`...), j.Rate, 'g', -1, 64)
	dst = strconv.AppendInt(append(dst, `,"total":`...), int64(j.Total), 10)
	dst = strconv.AppendInt(append(dst, `,"done":`...), int64(j.Done), 10)
	dst = strconv.AppendInt(append(dst, `,"failed":`...), int64(j.Failed), 10)
	dst = Time{j.CreatedAt}.AppendJSON(append(dst, `,"created_at":`...))
	return append(Time{j.EndedAt}.AppendJSON(append(dst, `,"ended_at":`...)), '}')
}
