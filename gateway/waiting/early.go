package waiting

// early looks at a callback that no open wait is there for: it may have been taken
// before, or be nothing that its source waits for. The turn is held.
func (k *taking) early() done {
	if !k.Strong { // a fingerprint counts only while no wait is open
		if last := k.repeated(); last {
			return true
		}
	}
	if v := k.judge(nil); v.refused != nil || !v.fits {
		return k.unfit(&v)
	}
	return false
}
