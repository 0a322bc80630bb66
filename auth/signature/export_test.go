package signature

// SetsOf says how many sets are known.
func SetsOf(k *KeySets) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.sets)
}
