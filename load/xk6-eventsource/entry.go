package eventsource

import (
	"unsafe"

	"github.com/tidwall/gjson"
)

// entry is what the data of an event says to a ledger.
type entry struct {
	publisher string // may be a piece of the data it was read from
	sequence  int
	sentAtMs  float64
}

// readEntry is false where data lacks a field or has a wrong one: then the event is foreign to the ledger.
func readEntry(data []byte, options ledgerOptions) (entry, bool) {
	text := view(data)
	publisher := name(gjson.Get(text, options.publisher))
	sequence := gjson.Get(text, options.sequence)
	if publisher == "" || sequence.Type != gjson.Number || !validSequence(sequence.Num) {
		return entry{}, false
	}
	read := entry{publisher: publisher, sequence: int(sequence.Num)}
	if options.sentAtMs != nil {
		sentAt := gjson.Get(text, *options.sentAtMs)
		if sentAt.Type != gjson.Number {
			return entry{}, false
		}
		read.sentAtMs = sentAt.Num
	}
	return read, true
}

// textAt may give a piece of the data it was read from.
func textAt(data []byte, path string) string {
	return name(gjson.Get(view(data), path))
}

// name takes a string, or a number as it is written.
func name(value gjson.Result) string {
	switch value.Type {
	case gjson.String:
		return value.Str
	case gjson.Number:
		return value.Raw
	default:
		return ""
	}
}

func validSequence(number float64) bool {
	return number >= 1 && number <= sequenceMax && number == float64(int(number))
}

// view reads bytes as text without a copy, which at 50,000 events a second would be most of our garbage. Whoever keeps a
// piece of it past the call clones it.
func view(data []byte) string {
	return unsafe.String(unsafe.SliceData(data), len(data))
}
