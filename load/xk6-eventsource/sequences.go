package eventsource

import "math/bits"

// sequenceMax bounds a publisher's sequence numbers, and with them the 128 KiB that a stream may need for one publisher.
// Past it an arrival is foreign, and an acknowledgement throws.
const sequenceMax = 1 << 20

const wordBits = 64

// sequences is a set of sequence numbers from 1 up. A stream that misses nothing needs a word or two of it, because full
// words at the start are only counted. A set of bits from a library keeps those: 312 bytes for each 2,500 events of a publisher
// and stream, where this one keeps none.
type sequences struct {
	full  int // words before words[0], all of them full
	words []uint64
}

// add reports whether the number is new.
func (s *sequences) add(sequence int) bool {
	at, bit := place(sequence)
	at -= s.full
	if at < 0 {
		return false
	}
	for at >= len(s.words) {
		s.words = append(s.words, 0)
	}
	if s.words[at]&bit != 0 {
		return false
	}
	s.words[at] |= bit
	for len(s.words) > 0 && s.words[0] == ^uint64(0) {
		s.words = s.words[1:]
		s.full++
	}
	return true
}

func (s *sequences) has(sequence int) bool {
	at, bit := place(sequence)
	return s.word(at)&bit != 0
}

// word gives 64 members at once: bit 0 of word 0 is sequence 1.
func (s *sequences) word(at int) uint64 {
	switch {
	case s == nil:
		return 0
	case at < s.full:
		return ^uint64(0)
	case at-s.full < len(s.words):
		return s.words[at-s.full]
	}
	return 0
}

// size is the number of words after which there are no members.
func (s *sequences) size() int {
	if s == nil {
		return 0
	}
	return s.full + len(s.words)
}

func (s *sequences) count() int {
	count := 0
	for at := range s.size() {
		count += bits.OnesCount64(s.word(at))
	}
	return count
}

func place(sequence int) (at int, bit uint64) {
	return (sequence - 1) / wordBits, 1 << ((sequence - 1) % wordBits)
}
