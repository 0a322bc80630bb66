package promises

// checkAsks: one Idempotency-Key is one wait, and each other answer a wait of its own.
func (k *kase) checkAsks() {
	type tally struct {
		ask      *Ask
		answered map[string]int // ids that were answered, and how often
		lost     int
		waits    int
	}
	tallies := map[string]*tally{}
	for _, o := range k.Opens {
		t := tallies[o.Ask.ID]
		if t == nil {
			t = &tally{ask: o.Ask, answered: map[string]int{}}
			tallies[o.Ask.ID] = t
		}
		switch {
		case o.Lost:
			t.lost++
		case o.Wait != nil:
			t.answered[o.ID]++
		}
	}
	for _, w := range k.waits {
		if t := tallies[askOf(w.first)]; t != nil {
			t.waits++
		}
	}
	for id, t := range tallies {
		switch {
		case t.ask.IdempotencyKey != "":
			if t.waits > 1 || len(t.answered) > 1 {
				k.fault("idempotency", "%s has one Idempotency-Key and %d waits; answered: %v", id, t.waits, t.answered)
			}
		case t.waits > len(t.answered)+t.lost:
			k.fault("explained", "%s has %d waits for %d answers and %d lost ones", id, t.waits, len(t.answered), t.lost)
		default:
			for wait, times := range t.answered {
				if times > 1 {
					k.fault("idempotency", "%s was given out %d times without an Idempotency-Key", wait, times)
				}
			}
		}
	}
}

// checkOpens: each POST …/waits has an answer that could be.
func (k *kase) checkOpens() {
	for _, o := range k.Opens {
		w := k.byID[o.ID]
		switch {
		case o.Lost:
		case o.Wait != nil && askOf(o.Wait) != o.Ask.ID:
			k.fault("idempotency", "%s was answered with the wait of %s", o.Ask.ID, askOf(o.Wait))
		case o.Wait != nil && o.Ask.Mode == "hold":
			if o.Status != 200 || o.Wait.State == waiting {
				k.fault("answer", "%s was held and answered %d %s", o.ID, o.Status, o.Wait.State)
			}
		case o.Wait != nil:
			if o.Status != 201 {
				k.fault("answer", "%s was opened with %d", o.ID, o.Status)
			}
		case o.Status != 409 || o.Code != "wait_exists" || o.ID == "":
			k.fault("answer", "a wait was answered %d %s", o.Status, o.Code)
		case w == nil || w.first == nil:
			k.fault("kept", "%s exists, it was said, and is not there", o.ID)
		case w.ended != nil && w.ended.EndedAt.Before(o.Begin.Truncate(ms)) || w.first.CreatedAt.After(o.End):
			k.fault("one wait", "%s exists, it was said, when it was not open", o.ID)
		}
	}
}

// checkCancels: a cancel tells the truth.
func (k *kase) checkCancels() {
	for _, x := range k.Cancels {
		w := k.byID[x.ID]
		switch {
		case x.Lost:
		case x.Status == 200: // what it showed is a view
		case x.Status != 409:
			k.fault("kept", "a cancel of %s was answered %d", x.ID, x.Status)
		case w == nil || w.ended == nil || w.ended.EndedAt.After(x.End):
			k.fault("answer", "%s had ended, a cancel was told, and it had not", x.ID)
		}
	}
}
