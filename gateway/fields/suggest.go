package fields

import "strings"

// Nearest gives the known name that an unknown one was most likely meant to be,
// or "".
func Nearest(unknown string, known []string) string {
	if len(unknown) > 64 { // no field is near that; the comparison below is quadratic
		return ""
	}
	folded := strings.ToLower(strings.ReplaceAll(unknown, "-", "_"))
	best, least := "", max(1, len(unknown)/3)+1
	for _, name := range known {
		if d := distance(folded, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// Meant ends a fault of a word that is none of those that are known: which of them it
// most likely was meant to be; "" where it is near to none.
func Meant(unknown string, known []string) string {
	if near := Nearest(unknown, known); near != "" {
		return ", did you mean " + near + "?"
	}
	return ""
}

// distance counts the letters to insert, drop, replace or swap with the next
// one, to get from a to b (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replaced := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			rows[i][j] = min(replaced, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
