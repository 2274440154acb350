package eventsource

// holding says which worker holds a stream from a certain acknowledgement on; "" while nobody does.
type holding struct {
	worker string
	since  int // acknowledgements of the ledger before it
}

// seen is what one stream got from one publisher.
type seen struct {
	received sequences
	highest  int
	repeats  map[int]int // sequence to further arrivals; nil while each came once
}

// streamLedger is one stream's page of a ledger. The ledger's lock guards it.
type streamLedger struct {
	index      int  // its number in the ledger, from 0
	due        bool // it was ready before the first publish, so every event is owed to it
	ready      bool
	open       bool
	cut        bool    // and not yet back
	openedAtMs float64 // of its newest connection
	disordered int
	publishers []*seen // by the publisher's index in the ledger
	holdings   []holding
	part       *part // of the worker that holds it now; nil while nobody does, and past partsMax
}

// repeatsMax bounds the doubled events whose number of attempts is looked up; what is past it counts as doubled.
const repeatsMax = 1000

// enter reports whether the event came for the first time.
func (s *streamLedger) enter(publisher, sequence int) bool {
	for publisher >= len(s.publishers) {
		s.publishers = append(s.publishers, nil)
	}
	if s.publishers[publisher] == nil {
		s.publishers[publisher] = &seen{}
	}
	from := s.publishers[publisher]
	if !from.received.add(sequence) {
		from.repeat(sequence)
		return false
	}
	if sequence < from.highest {
		s.disordered++
	}
	from.highest = max(from.highest, sequence)
	return true
}

func (f *seen) repeat(sequence int) {
	if f.repeats == nil {
		f.repeats = map[int]int{}
	}
	if _, known := f.repeats[sequence]; !known && len(f.repeats) >= repeatsMax {
		sequence = 0 // no event has it, so no attempt excuses it
	}
	f.repeats[sequence]++
}

func (s *streamLedger) received(publisher int) *sequences {
	if publisher >= len(s.publishers) || s.publishers[publisher] == nil {
		return nil
	}
	return &s.publishers[publisher].received
}

// hold notes who holds the stream from now on.
func (s *streamLedger) hold(worker string, acknowledgements int) {
	if last := len(s.holdings) - 1; last >= 0 && s.holdings[last].since == acknowledgements {
		s.holdings[last].worker = worker
		return
	}
	s.holdings = append(s.holdings, holding{worker, acknowledgements})
}

// holderAt tells who held the stream when that acknowledgement came.
func (s *streamLedger) holderAt(acknowledgement int) string {
	worker := ""
	for _, holding := range s.holdings {
		if holding.since > acknowledgement {
			break
		}
		worker = holding.worker
	}
	return worker
}

func (s *streamLedger) firstHolder() string {
	if len(s.holdings) == 0 {
		return ""
	}
	return s.holdings[0].worker
}
