package eventsource

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// eventBytesMax bounds the unfinished line and the data of one event, together. A server that never ends its line would
// otherwise fill our memory; past the bound the parser refuses and the stream is closed for good.
const eventBytesMax = 16 << 20

// keptBytesMax is what a buffer may keep for the next event; a bigger one goes back to the garbage collector.
const keptBytesMax = 64 << 10

// retryMsMax keeps an absurd `retry` from overflowing a duration.
const retryMsMax = 1<<31 - 1

var errEventTooLarge = errors.New("an event or a line of the stream is larger than 16 MiB")

// frame is one event as it was on the wire. Its slices belong to the parser and hold only until the call returns.
type frame struct {
	typ, data, id []byte
}

// sink receives what a parser finds, in stream order.
type sink interface {
	event(frame)
	// comment is called once for a block of nothing but comment lines: a sign of life.
	comment()
	retry(ms int)
}

// parser reads an event stream piece by piece, cut at any byte, by the letter of WHATWG HTML, 9.2.5 and 9.2.6
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). It allocates nothing once its buffers have grown.
// What a stream leaves unfinished at its end is discarded by forgetting the parser. It shares nothing with the parsers in TypeScript,
// of which each has its reason: the page's is the browser's, the tests' is eventsource-parser, the conformance kit's judges that.
type parser struct {
	sink  sink
	limit int

	bomSeen   int  // bytes of a leading BOM that came so far; -1 once the stream's start is behind us
	afterCR   bool // a LF that comes next belongs to the line that a CR has ended
	commented bool // this block has a comment line
	fielded   bool // this block has any other line

	pending []byte // the line that is not finished yet
	data    []byte
	typ     []byte
	id      []byte // the standard's "last event ID buffer"
	lastID  []byte // its "last event ID string", which a dispatch sets
}

// newParser starts at the last id that its source has, as browsers do: a stream without ids does not wipe it.
func newParser(sink sink, lastID string) *parser {
	return &parser{sink: sink, limit: eventBytesMax, id: []byte(lastID), lastID: []byte(lastID)}
}

var bom = []byte{0xEF, 0xBB, 0xBF}

// feed takes the next bytes of the stream. It fails with errEventTooLarge, and is of no use after that.
func (p *parser) feed(chunk []byte) error {
	chunk = p.stripBOM(chunk)
	for len(chunk) > 0 {
		if p.afterCR {
			p.afterCR = false
			if chunk[0] == '\n' {
				chunk = chunk[1:]
				continue
			}
		}
		end := lineEnd(chunk)
		if end < 0 {
			p.pending = append(p.pending, chunk...)
			return p.checkSize(0)
		}
		if err := p.endLine(chunk[:end]); err != nil {
			return err
		}
		p.afterCR = chunk[end] == '\r'
		chunk = chunk[end+1:]
	}
	return nil
}

// [spec] One leading BOM is not part of the stream; a second one is. It may come in pieces.
func (p *parser) stripBOM(chunk []byte) []byte {
	for p.bomSeen >= 0 && len(chunk) > 0 {
		if chunk[0] != bom[p.bomSeen] {
			p.pending = append(p.pending, bom[:p.bomSeen]...)
			p.bomSeen = -1
			break
		}
		chunk = chunk[1:]
		p.bomSeen++
		if p.bomSeen == len(bom) {
			p.bomSeen = -1
		}
	}
	return chunk
}

func (p *parser) endLine(rest []byte) error {
	line := rest
	if len(p.pending) > 0 {
		p.pending = append(p.pending, rest...)
		line = p.pending
	}
	if err := p.checkSize(len(rest)); err != nil {
		return err
	}
	p.line(line)
	p.pending = emptied(p.pending)
	return nil
}

func (p *parser) checkSize(more int) error {
	if len(p.pending)+len(p.data)+more > p.limit {
		return errEventTooLarge
	}
	return nil
}

func (p *parser) line(line []byte) {
	if len(line) == 0 {
		p.dispatch()
		return
	}
	name, value, found := bytes.Cut(line, []byte{':'})
	if found && len(name) == 0 {
		p.commented = true
		return
	}
	p.fielded = true
	// [spec] Only the first space after the colon is not part of the value.
	if len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	p.field(name, value)
}

func (p *parser) field(name, value []byte) {
	switch string(name) {
	case "event":
		p.typ = appendUTF8(p.typ[:0], value)
	case "data":
		p.data = append(appendUTF8(p.data, value), '\n')
	case "id":
		// [spec] An id that holds NUL is ignored.
		if bytes.IndexByte(value, 0) < 0 {
			p.id = appendUTF8(p.id[:0], value)
		}
	case "retry":
		// Takes effect with its line: a stream that only says "later" ends without a blank line.
		if ms, ok := digits(value); ok {
			p.sink.retry(ms)
		}
	}
}

// dispatch ends a block.
func (p *parser) dispatch() {
	// [spec] The id takes effect even where the block has no data and nothing is dispatched.
	p.lastID = append(p.lastID[:0], p.id...)
	if len(p.data) > 0 {
		p.sink.event(frame{typ: p.eventType(), data: p.data[:len(p.data)-1], id: p.lastID})
	} else if p.commented && !p.fielded {
		p.sink.comment()
	}
	p.data, p.typ = emptied(p.data), p.typ[:0]
	p.commented, p.fielded = false, false
}

var messageType = []byte("message")

func (p *parser) eventType() []byte {
	if len(p.typ) == 0 {
		return messageType
	}
	return p.typ
}

func emptied(buffer []byte) []byte {
	if cap(buffer) > keptBytesMax {
		return nil
	}
	return buffer[:0]
}

// lineEnd gives the place of the first CR or LF, or -1. Two searches for one byte each are faster than one for either.
func lineEnd(chunk []byte) int {
	lf := bytes.IndexByte(chunk, '\n')
	if lf >= 0 {
		chunk = chunk[:lf]
	}
	if cr := bytes.IndexByte(chunk, '\r'); cr >= 0 {
		return cr
	}
	return lf
}

// [spec] Only ASCII digits make a reconnection time: no sign, no space, no fraction.
func digits(value []byte) (ms int, ok bool) {
	for _, digit := range value {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		ms = min(ms*10+int(digit-'0'), retryMsMax)
	}
	return ms, len(value) > 0
}

// appendUTF8 decodes as the Encoding Standard does: each maximal piece that cannot become a character turns into one
// U+FFFD. Go's own conversions count such pieces differently. Line ends, colons and spaces are ASCII, so that decoding a
// value alone gives what decoding the whole stream would.
func appendUTF8(to, value []byte) []byte {
	if utf8.Valid(value) {
		return append(to, value...)
	}
	for len(value) > 0 {
		r, size := utf8.DecodeRune(value)
		if r == utf8.RuneError && size == 1 {
			size = brokenLength(value)
		}
		to = utf8.AppendRune(to, r)
		value = value[size:]
	}
	return to
}

// brokenLength is how many bytes at the start could still have become a character: at least one.
func brokenLength(value []byte) int {
	length := 1
	for length < len(value) && length < utf8.UTFMax && !utf8.FullRune(value[:length]) {
		length++
	}
	// FullRune says yes as soon as the newest byte spoils the sequence; that byte then stands for itself.
	if length > 1 && utf8.FullRune(value[:length]) {
		length--
	}
	return length
}
