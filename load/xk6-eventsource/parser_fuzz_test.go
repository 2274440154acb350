package eventsource

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParser compares the parser with one that reads the whole text at once, and with itself on other pieces.
func FuzzParser(f *testing.F) {
	for _, each := range parserCases {
		f.Add([]byte(each.stream), uint8(1), uint8(3))
	}
	f.Add([]byte("\xEF\xBB\xBF\xEF\xBB\xBF:\r\n\r\nid:\x00\ndata: \xF0\x90\x80\r\r"), uint8(2), uint8(5))
	f.Fuzz(func(t *testing.T, stream []byte, first, then uint8) {
		want, wantID := reference(stream)
		for _, size := range []int{len(stream) + 1, 1, int(first) + 1, int(then) + 1} {
			lines, lastID := parse(t, "", pieces(stream, size)...)
			if !reflect.DeepEqual(lines, want) || lastID != wantID {
				t.Fatalf("%q in pieces of %d:\n got %q, last id %q\nwant %q, last id %q",
					stream, size, lines, lastID, want, wantID)
			}
		}
	})
}

func pieces(stream []byte, size int) []string {
	list := []string{}
	for len(stream) > size {
		list, stream = append(list, string(stream[:size])), stream[size:]
	}
	return append(list, string(stream))
}

// reference is the standard as naively as it can be: decode the whole, normalize the line ends, split, and go through it.
func reference(stream []byte) (said []string, lastID string) {
	text := strings.TrimPrefix(decoded(stream), "\uFEFF")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(text, "\n")
	data, typ, id := "", "", ""
	comment, field := false, false
	for _, line := range lines[:len(lines)-1] { // what comes after the last line end is discarded
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		comment = comment || strings.HasPrefix(line, ":")
		field = field || (line != "" && !strings.HasPrefix(line, ":"))
		switch {
		case line == "":
			lastID = id
			if data != "" {
				said = append(said, fmt.Sprintf("event %q %q id %q", typeOr(typ), strings.TrimSuffix(data, "\n"), lastID))
			} else if comment && !field {
				said = append(said, "comment")
			}
			data, typ, comment, field = "", "", false, false
		case name == "data":
			data += value + "\n"
		case name == "event":
			typ = value
		case name == "id" && !strings.Contains(value, "\x00"):
			id = value
		case name == "retry" && value != "" && strings.Trim(value, "0123456789") == "":
			said = append(said, "retry "+boundedMs(value))
		}
	}
	return said, lastID
}

func typeOr(typ string) string {
	if typ == "" {
		return "message"
	}
	return typ
}

func boundedMs(digits string) string {
	digits = strings.TrimLeft(digits, "0")
	switch most := fmt.Sprint(retryMsMax); {
	case digits == "":
		return "0"
	case len(digits) > len(most) || (len(digits) == len(most) && digits > most):
		return most
	}
	return digits
}

// decoded is the state machine of the Encoding Standard, 8.1.1 (https://encoding.spec.whatwg.org/#utf-8-decoder).
func decoded(stream []byte) string {
	var text strings.Builder
	point, needed, seen := rune(0), 0, 0
	lower, upper := byte(0x80), byte(0xBF)
	for at := 0; at < len(stream); at++ {
		octet := stream[at]
		if needed == 0 {
			point, needed, lower, upper = leading(octet)
			if needed == 0 {
				text.WriteRune(point)
			}
			continue
		}
		if octet < lower || octet > upper {
			text.WriteRune(utf8.RuneError)
			needed, seen = 0, 0
			at-- // the byte is read again, as a first one
			continue
		}
		lower, upper = 0x80, 0xBF
		point = point<<6 | rune(octet&0x3F)
		if seen++; seen == needed {
			text.WriteRune(point)
			needed, seen = 0, 0
		}
	}
	if needed > 0 {
		text.WriteRune(utf8.RuneError)
	}
	return text.String()
}

// leading gives what a first byte says: its bits, how many bytes follow, and the range of the next.
func leading(octet byte) (point rune, needed int, lower, upper byte) {
	lower, upper = 0x80, 0xBF
	switch {
	case octet < 0x80:
		return rune(octet), 0, lower, upper
	case octet >= 0xC2 && octet <= 0xDF:
		return rune(octet & 0x1F), 1, lower, upper
	case octet >= 0xE0 && octet <= 0xEF:
		if octet == 0xE0 {
			lower = 0xA0
		}
		if octet == 0xED {
			upper = 0x9F
		}
		return rune(octet & 0xF), 2, lower, upper
	case octet >= 0xF0 && octet <= 0xF4:
		if octet == 0xF0 {
			lower = 0x90
		}
		if octet == 0xF4 {
			upper = 0x8F
		}
		return rune(octet & 0x7), 3, lower, upper
	}
	return utf8.RuneError, 0, lower, upper
}
