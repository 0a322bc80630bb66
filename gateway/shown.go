package gateway

// Steers says whether a character steers what shows a text, and is nothing to be seen: a
// control character (a terminal does what it says; U+009B begins a command as ESC [ does), or
// one by which what stands beside it changes its place (bidirectional text, UAX 9): with it
// the cells of a row trade places, and a line reads as another ("Trojan Source",
// CVE-2021-42574). Strangers write them into keys, names and bodies.
func Steers(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r < 0xa0:
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return false
}
