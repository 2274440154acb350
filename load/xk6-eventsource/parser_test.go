package eventsource

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// heard writes down what a parser says, one line each.
type heard struct{ lines []string }

func (h *heard) event(f frame) {
	h.lines = append(h.lines, fmt.Sprintf("event %q %q id %q", f.typ, f.data, f.id))
}
func (h *heard) comment()     { h.lines = append(h.lines, "comment") }
func (h *heard) retry(ms int) { h.lines = append(h.lines, fmt.Sprintf("retry %d", ms)) }

// parse feeds the pieces to a parser that starts at an id, and also gives the last id that it ends with.
func parse(t *testing.T, startID string, pieces ...string) (lines []string, lastID string) {
	t.Helper()
	heard := &heard{}
	parser := newParser(heard, startID)
	for _, piece := range pieces {
		if err := parser.feed([]byte(piece)); err != nil {
			t.Fatalf("feed(%q): %v", piece, err)
		}
	}
	return heard.lines, string(parser.lastID)
}

var parserCases = []struct {
	name   string
	stream string
	want   []string
	lastID string
}{
	{"a line ends with LF", "data: a\n\n", []string{`event "message" "a" id ""`}, ""},
	{"a line ends with CR", "data: a\r\r", []string{`event "message" "a" id ""`}, ""},
	{"a line ends with CRLF", "data: a\r\n\r\n", []string{`event "message" "a" id ""`}, ""},
	{"line ends may be mixed", "data: a\rdata: b\r\ndata: c\n\r\n", []string{`event "message" "a\nb\nc" id ""`}, ""},
	{"LF and CR are two line ends", "data: a\n\rdata: b\n\n",
		[]string{`event "message" "a" id ""`, `event "message" "b" id ""`}, ""},
	{"one BOM at the start is removed", "\uFEFFdata: a\n\n", []string{`event "message" "a" id ""`}, ""},
	{"a second BOM belongs to the field's name", "\uFEFF\uFEFFdata: a\n\n", nil, ""},
	{"a BOM after the start belongs to the field's name", "\n\uFEFFdata: a\n\n", nil, ""},
	{"half of a BOM belongs to the field's name", "\xEF\xBBdata: a\n\n", nil, ""},
	{"a BOM in data is kept", "data: \uFEFF\n\n", []string{"event \"message\" \"\\ufeff\" id \"\""}, ""},
	{"a field without a colon has an empty value", "data\n\n", []string{`event "message" "" id ""`}, ""},
	{"two data fields without a colon make one line end", "data\ndata\n\n", []string{`event "message" "\n" id ""`}, ""},
	{"only the first space after the colon is removed", "data:  a\n\n", []string{`event "message" " a" id ""`}, ""},
	{"a tab after the colon is kept", "data:\ta\n\n", []string{`event "message" "\ta" id ""`}, ""},
	{"no space after the colon is needed", "data:a:b\n\n", []string{`event "message" "a:b" id ""`}, ""},
	{"a field name with a space before the colon is unknown", "data : a\n\n", nil, ""},
	{"a field name in capitals is unknown", "DATA: a\nData: b\n\n", nil, ""},
	{"an unknown field is ignored", "colour: red\ndata: a\n\n", []string{`event "message" "a" id ""`}, ""},
	{"a block without data dispatches nothing", "event: x\n\ndata: a\n\n", []string{`event "message" "a" id ""`}, ""},
	{"an empty data line dispatches empty data", "data:\n\n", []string{`event "message" "" id ""`}, ""},
	{"blank lines alone dispatch nothing", "\n\n\r\r\n\n", nil, ""},
	{"NUL in data is kept", "data: a\x00b\n\n", []string{`event "message" "a\x00b" id ""`}, ""},
	{"the last event type wins", "event: a\nevent: b\ndata\n\n", []string{`event "b" "" id ""`}, ""},
	{"an empty event type means message", "event: a\nevent:\ndata\n\n", []string{`event "message" "" id ""`}, ""},
	{"an event type does not outlive its block", "event: a\n\ndata\n\n", []string{`event "message" "" id ""`}, ""},
	{"an id outlives its block", "id: 1\ndata: a\n\ndata: b\n\n",
		[]string{`event "message" "a" id "1"`, `event "message" "b" id "1"`}, "1"},
	{"an id in a block without data takes effect", "id: 7\n\n", nil, "7"},
	{"an id takes effect only with the blank line", "id: 1\n\nid: 2\n", nil, "1"},
	{"an id with NUL is ignored", "id: 1\n\nid: 2\x003\ndata\n\n", []string{`event "message" "" id "1"`}, "1"},
	{"an empty id resets", "id: 1\n\nid:\ndata\n\n", []string{`event "message" "" id ""`}, ""},
	{"an id without a colon resets", "id: 1\n\nid\ndata\n\n", []string{`event "message" "" id ""`}, ""},
	{"retry takes effect with its line", "retry: 1500\n", []string{"retry 1500"}, ""},
	{"retry takes only ASCII digits", "retry: 1s\nretry: -1\nretry: +1\nretry: 1.5\nretry:  1\nretry: \nretry\nretry: \u0661\n", nil, ""},
	{"retry is bounded", "retry: 99999999999999999999999999\n", []string{"retry 2147483647"}, ""},
	{"retry may have leading zeros", "retry: 007\n", []string{"retry 7"}, ""},
	{"a block of comments is a sign of life", ": a\n:\n\n", []string{"comment"}, ""},
	{"a comment inside a block of fields is nothing", ": a\ndata: b\n\n", []string{`event "message" "b" id ""`}, ""},
	{"a comment beside an id is no sign of life of its own", ": a\nid: 1\n\n", nil, "1"},
	{"a block cut off by the end is discarded", "data: a\n\nid: 9\ndata: b\n", []string{`event "message" "a" id ""`}, ""},
	{"a line cut off by the end is discarded", "data: a\n\ndata: b", []string{`event "message" "a" id ""`}, ""},
	{"characters of several bytes pass", "data: é€😀\n\n", []string{`event "message" "é€😀" id ""`}, ""},
	{"a byte that begins nothing becomes U+FFFD", "data: a\xFFb\n\n", []string{"event \"message\" \"a\ufffdb\" id \"\""}, ""},
	{"a character that is cut short becomes one U+FFFD", "data: \xF0\x9F\x98x\n\n", []string{"event \"message\" \"\ufffdx\" id \"\""}, ""},
	{"a character cut by the line's end becomes one U+FFFD", "data: \xE2\x82\n\n", []string{"event \"message\" \"\ufffd\" id \"\""}, ""},
	{"each byte of a surrogate becomes U+FFFD", "data: \xED\xA0\x80\n\n", []string{"event \"message\" \"\ufffd\ufffd\ufffd\" id \"\""}, ""},
	{"each byte of an overlong form becomes U+FFFD", "data: \xC0\xAF\xE0\x80\x80\n\n", []string{"event \"message\" \"\ufffd\ufffd\ufffd\ufffd\ufffd\" id \"\""}, ""},
	{"an invalid id and type are decoded too", "id: \xFF\nevent: \xFF\ndata\n\n", []string{"event \"\ufffd\" \"\" id \"\ufffd\""}, "\ufffd"},
	{"U+2028 ends no line", "data: a\u2028b\n\n", []string{"event \"message\" \"a\\u2028b\" id \"\""}, ""},
	{"the lab's first block is one event", "retry: 2500\nid: 1-0\nevent: hello\ndata: {\"worker\":\"a/0\"}\n\n",
		[]string{"retry 2500", `event "hello" "{\"worker\":\"a/0\"}" id "1-0"`}, "1-0"},
	{"the lab's heartbeat is an event with empty data", "id: 5-0\nevent: heartbeat\ndata:\n\n",
		[]string{`event "heartbeat" "" id "5-0"`}, "5-0"},
}

func TestParser(t *testing.T) {
	for _, each := range parserCases {
		t.Run(each.name, func(t *testing.T) {
			lines, lastID := parse(t, "", each.stream)
			if !reflect.DeepEqual(lines, each.want) || lastID != each.lastID {
				t.Fatalf("\n got %q, last id %q\nwant %q, last id %q", lines, lastID, each.want, each.lastID)
			}
		})
	}
}

func TestParserSplits(t *testing.T) {
	t.Run("a stream means the same wherever it is cut in two or three", func(t *testing.T) {
		for _, each := range parserCases {
			for first := range len(each.stream) + 1 {
				for second := first; second <= len(each.stream); second++ {
					lines, lastID := parse(t, "", each.stream[:first], each.stream[first:second], each.stream[second:])
					if !reflect.DeepEqual(lines, each.want) || lastID != each.lastID {
						t.Fatalf("%s, cut at %d and %d: got %q, last id %q", each.name, first, second, lines, lastID)
					}
				}
			}
		}
	})

	t.Run("a stream means the same byte by byte", func(t *testing.T) {
		for _, each := range parserCases {
			lines, lastID := parse(t, "", singleBytes(each.stream)...)
			if !reflect.DeepEqual(lines, each.want) || lastID != each.lastID {
				t.Fatalf("%s: got %q, last id %q", each.name, lines, lastID)
			}
		}
	})
}

func singleBytes(text string) []string {
	pieces := []string{}
	for at := range len(text) {
		pieces = append(pieces, text[at:at+1])
	}
	return pieces
}

func TestParserStart(t *testing.T) {
	t.Run("a new connection starts at the last id, so that a stream without ids does not wipe it", func(t *testing.T) {
		lines, lastID := parse(t, "41", "data: a\n\n")
		if want := []string{`event "message" "a" id "41"`}; !reflect.DeepEqual(lines, want) || lastID != "41" {
			t.Fatalf("got %q, last id %q", lines, lastID)
		}
	})
}

func TestParserBounds(t *testing.T) {
	bounded := func() (*parser, *heard) {
		heard := &heard{}
		parser := newParser(heard, "")
		parser.limit = 100
		return parser, heard
	}

	t.Run("a line that never ends is refused at the bound", func(t *testing.T) {
		parser, _ := bounded()
		if err := parser.feed([]byte(strings.Repeat("a", 101))); !errors.Is(err, errEventTooLarge) {
			t.Fatalf("got %v", err)
		}
	})

	t.Run("an event of ever more lines is refused at the bound", func(t *testing.T) {
		parser, heard := bounded()
		var err error
		for fed := 0; err == nil && fed < 20; fed++ {
			err = parser.feed([]byte("data: 12345678\n"))
		}
		if !errors.Is(err, errEventTooLarge) || heard.lines != nil {
			t.Fatalf("got %v and %q", err, heard.lines)
		}
	})

	t.Run("any number of events below the bound passes", func(t *testing.T) {
		parser, heard := bounded()
		for range 100 {
			if err := parser.feed([]byte("data: " + strings.Repeat("a", 40) + "\n\n")); err != nil {
				t.Fatal(err)
			}
		}
		if len(heard.lines) != 100 {
			t.Fatalf("got %d events", len(heard.lines))
		}
	})

	t.Run("the buffer of a large event is given back", func(t *testing.T) {
		parser := newParser(&heard{}, "")
		large := "data: " + strings.Repeat("a", 2*keptBytesMax) + "\n\n"
		for _, piece := range []string{large[:100], large[100:]} {
			if err := parser.feed([]byte(piece)); err != nil {
				t.Fatal(err)
			}
		}
		if cap(parser.data) > keptBytesMax || cap(parser.pending) > keptBytesMax {
			t.Fatalf("kept %d and %d bytes", cap(parser.data), cap(parser.pending))
		}
	})
}

// deaf hears events and keeps nothing.
type deaf struct{ events int }

func (d *deaf) event(frame) { d.events++ }
func (d *deaf) comment()    {}
func (d *deaf) retry(int)   {}

func TestParserAllocations(t *testing.T) {
	t.Run("an event costs no allocation once the buffers have grown", func(t *testing.T) {
		parser := newParser(&deaf{}, "")
		chunk := []byte("id: 1764000000000-0\nevent: tick\ndata: {\"publisher\":\"p1\",\"sequence\":12}\n\n")
		feed := func() { _ = parser.feed(chunk) }
		feed()
		if allocations := testing.AllocsPerRun(100, feed); allocations != 0 {
			t.Fatalf("%v allocations for each event", allocations)
		}
	})
}

func BenchmarkParser(b *testing.B) {
	parser := newParser(&deaf{}, "")
	chunk := []byte("id: 1764000000000-0\nevent: tick\ndata: {\"publisher\":\"p1\",\"sequence\":12,\"sentAtMs\":1764000000000.5}\n\n")
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		_ = parser.feed(chunk)
	}
}
