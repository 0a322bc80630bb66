// Package jobs sends many deliveries of a lane again, at a rate, for as long as that takes
// (SPEC O2, "Bulk jobs").
//
//	make    which deliveries a job is about is written down with it, before it is answered
//	step    the next few of a job are made due, in its order; then how far it came is written
//	cancel  the rest of a job is left as it is
//
// One goroutine steps: of the jobs whose next step is due it takes that of the tenant that
// waited longest, so that nobody's jobs wait behind another's. A job that is late does not
// catch up by more than a moment's worth: the rate is that of its endpoint's receiver.
//
// A step is written after what it did. A process that dies between the two does the step
// again, and its lane leaves alone what was sent again since the job was made
// (Lanes.Again): so nothing is left out, and nothing is sent twice by the job.
package jobs
