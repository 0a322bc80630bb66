package charset

import (
	"bytes"
	"encoding/binary"
	"sort"
	"unicode/utf16"
	"unicode/utf8"
)

// decoder appends a whole text as UTF-8, up to the first byte that is none of the charset, and
// gives the place of that; below 0 where there is none.
type decoder func(to, text []byte) (decoded []byte, bad int)

// each decodes one character after the other. one gets what is not ASCII, and gives how many bytes
// it read: none where they are no character.
func each(to, text []byte, one func(text []byte) (r rune, read int)) ([]byte, int) {
	for at := 0; at < len(text); {
		if b := text[at]; b < utf8.RuneSelf {
			to = append(to, b)
			at++
			continue
		}
		r, read := one(text[at:])
		if read == 0 {
			return nil, at
		}
		to = utf8.AppendRune(to, r)
		at += read
	}
	return to, -1
}

// in gives the character of an index at a pointer, as the standard calls its places, and read
// bytes; none where the index has none.
func in(index []uint16, pointer, read int) (rune, int) {
	if pointer < 0 || pointer >= len(index) || index[pointer] == 0 {
		return 0, 0
	}
	return rune(index[pointer]), read
}

// column gives the place of a second byte among those of a charset, which are in two stretches;
// false for one that is in none.
func column(b, from, to, from2, to2 byte) (int, bool) {
	switch {
	case from <= b && b <= to:
		return int(b - from), true
	case from2 <= b && b <= to2:
		return int(b-from2) + int(to-from) + 1, true
	}
	return 0, false
}

// single is the decoder of one of those of single bytes: ASCII, and 128 of its own.
func (c Charset) single(to, text []byte) ([]byte, int) {
	row := single()[int(c.at-1)*128:][:128]
	return each(to, text, func(text []byte) (rune, int) { return in(row, int(text[0]-0x80), 1) })
}

func decodeGBK(to, text []byte) ([]byte, int) { return each(to, text, oneOfGBK) }

func oneOfGBK(text []byte) (rune, int) {
	lead := text[0]
	switch {
	case lead == 0x80:
		return '€', 1
	case lead == 0xff || len(text) < 2:
		return 0, 0
	}
	at, is := column(text[1], 0x40, 0x7e, 0x80, 0xfe)
	if !is {
		return 0, 0
	}
	return in(gb18030(), int(lead-0x81)*190+at, 2)
}

// decodeGB18030 knows characters of four bytes, too, by which all of Unicode can be said.
func decodeGB18030(to, text []byte) ([]byte, int) {
	return each(to, text, func(text []byte) (rune, int) {
		if len(text) < 2 || text[0] == 0x80 || text[1] < '0' || text[1] > '9' {
			return oneOfGBK(text)
		}
		if len(text) < 4 || text[0] == 0xff || text[2] < 0x81 || text[2] > 0xfe || text[3] < '0' || text[3] > '9' {
			return 0, 0
		}
		pointer := ((int(text[0]-0x81)*10+int(text[1]-'0'))*126+int(text[2]-0x81))*10 + int(text[3]-'0')
		switch beyond := pointer - 189000; {
		case pointer < 39420: // of U+0000 to U+FFFF, in ranges: where one begins, with what
			ranges := gb18030Ranges()
			i := sort.Search(len(ranges)/2, func(i int) bool { return int(ranges[2*i]) > pointer }) - 1
			return rune(int(ranges[2*i+1]) + pointer - int(ranges[2*i])), 4
		case 0 <= beyond && beyond < 0x100000:
			return rune(0x10000 + beyond), 4
		}
		return 0, 0
	})
}

// pairs are the pointers of Big5 that stand for two characters, of which no one is both.
var pairs = map[int]string{1133: "\u00ca\u0304", 1135: "\u00ca\u030c", 1164: "\u00ea\u0304", 1166: "\u00ea\u030c"}

func decodeBig5(to, text []byte) ([]byte, int) {
	for at := 0; at < len(text); {
		lead := text[at]
		if lead < utf8.RuneSelf {
			to = append(to, lead)
			at++
			continue
		}
		if lead == 0x80 || lead == 0xff || at+1 == len(text) {
			return nil, at
		}
		place, is := column(text[at+1], 0x40, 0x7e, 0xa1, 0xfe)
		pointer := int(lead-0x81)*157 + place
		r, read := in(big5(), pointer, 2)
		if r2, read2 := in(big5Plane2(), pointer, 2); read == 0 && read2 > 0 {
			r, read = 0x20000+r2, read2
		}
		switch pair := pairs[pointer]; {
		case is && pair != "":
			to = append(to, pair...)
		case is && read > 0:
			to = utf8.AppendRune(to, r)
		default:
			return nil, at
		}
		at += 2
	}
	return to, -1
}

func decodeEUCKR(to, text []byte) ([]byte, int) {
	return each(to, text, func(text []byte) (rune, int) {
		if text[0] == 0x80 || text[0] == 0xff || len(text) < 2 || text[1] < 0x41 || text[1] == 0xff {
			return 0, 0
		}
		return in(eucKR(), int(text[0]-0x81)*190+int(text[1]-0x41), 2)
	})
}

// katakana of half a width are of one byte, from U+FF61 on.
const katakana = 0xff61

func decodeShiftJIS(to, text []byte) ([]byte, int) {
	return each(to, text, func(text []byte) (rune, int) {
		lead := text[0]
		switch {
		case lead == 0x80:
			return 0x80, 1
		case 0xa1 <= lead && lead <= 0xdf:
			return katakana + rune(lead-0xa1), 1
		case lead == 0xa0 || lead > 0xfc || len(text) < 2:
			return 0, 0
		}
		row, is := column(lead, 0x81, 0x9f, 0xe0, 0xfc)
		at, is2 := column(text[1], 0x40, 0x7e, 0x80, 0xfc)
		if !is || !is2 {
			return 0, 0
		}
		return in(jis0208(), row*188+at, 2)
	})
}

func decodeEUCJP(to, text []byte) ([]byte, int) {
	return each(to, text, func(text []byte) (rune, int) {
		switch lead := text[0]; {
		case lead == 0x8e && len(text) > 1 && 0xa1 <= text[1] && text[1] <= 0xdf:
			return katakana + rune(text[1]-0xa1), 2
		case lead == 0x8f && len(text) > 2:
			return ofJIS(jis0212(), text[1]-0x80, text[2]-0x80, 3)
		case lead > 0xa0 && len(text) > 1:
			return ofJIS(jis0208(), lead-0x80, text[1]-0x80, 2)
		}
		return 0, 0
	})
}

// ofJIS finds a character of an index of JIS by its row and its column, from 0x21 to 0x7e.
func ofJIS(index []uint16, row, column byte, read int) (rune, int) {
	if row < 0x21 || row > 0x7e || column < 0x21 || column > 0x7e {
		return 0, 0
	}
	return in(index, int(row-0x21)*94+int(column-0x21), read)
}

// decodeISO2022JP follows escape sequences, which say what the bytes behind them are.
func decodeISO2022JP(to, text []byte) ([]byte, int) {
	const ascii, kana, kanji, more = 0, 1, 2, 3
	escapes := [...]struct {
		sequence string
		state    int
	}{{"\x1b(B", ascii}, {"\x1b(J", ascii}, {"\x1b(I", kana}, {"\x1b$@", kanji}, {"\x1b$B", kanji}, {"\x1b$(D", more}}
	state := ascii
next:
	for at := 0; at < len(text); {
		for _, e := range escapes {
			if bytes.HasPrefix(text[at:], []byte(e.sequence)) {
				state = e.state
				at += len(e.sequence)
				continue next
			}
		}
		var r rune
		read := 0
		switch b := text[at]; {
		case b == 0x1b || b >= utf8.RuneSelf:
		case state == ascii, state >= kanji && b == '\n': // a line's end ends what is kanji
			state = ascii
			r, read = rune(b), 1
		case state == kana && 0x21 <= b && b < 0x60:
			r, read = katakana+rune(b-0x21), 1
		case state == kanji && at+1 < len(text):
			r, read = ofJIS(jis0208(), b, text[at+1], 2)
		case state == more && at+1 < len(text):
			r, read = ofJIS(jis0212(), b, text[at+1], 2)
		}
		if read == 0 {
			return nil, at
		}
		to = utf8.AppendRune(to, r)
		at += read
	}
	return to, -1
}

func decodeBigEndian(to, text []byte) ([]byte, int) { return decodeUTF16(to, text, binary.BigEndian) }
func decodeLittleEndian(to, text []byte) ([]byte, int) {
	return decodeUTF16(to, text, binary.LittleEndian)
}

// decodeUTF16 decodes in an order of bytes, unless a byte order mark says another one.
func decodeUTF16(to, text []byte, order binary.ByteOrder) ([]byte, int) {
	switch {
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		order = binary.BigEndian
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		order = binary.LittleEndian
	}
	for at := 0; at < len(text); at += 2 {
		if at+1 == len(text) {
			return nil, at
		}
		r := rune(order.Uint16(text[at:]))
		if utf16.IsSurrogate(r) {
			if at+3 >= len(text) {
				return nil, at
			}
			if r = utf16.DecodeRune(r, rune(order.Uint16(text[at+2:]))); r == utf8.RuneError {
				return nil, at
			}
			at += 2
		}
		to = utf8.AppendRune(to, r)
	}
	return to, -1
}
