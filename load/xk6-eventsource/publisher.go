package eventsource

import "math/bits"

// publisher is one publisher's column of a ledger. The ledger's lock guards it.
type publisher struct {
	name         string
	acknowledged sequences
	byWorker     map[string]*sequences // the acknowledged, by the worker that took them
	acks         []acknowledgement     // by sequence - 1
	dueReceipts  []int32               // by sequence - 1: the due streams that have it
	attempts     map[int]int           // sequence to attempts, where there was more than one
	attempted    sequences
}

// acknowledgement says through which worker an event went, and how many acknowledgements the ledger had before it.
type acknowledgement struct {
	worker string
	order  int
}

func newPublisher(name string) *publisher {
	return &publisher{name: name, byWorker: map[string]*sequences{}, attempts: map[int]int{}}
}

// attempt notes one more try to publish the event.
func (p *publisher) attempt(sequence int) {
	if !p.attempted.add(sequence) {
		p.attempts[sequence] = max(p.attempts[sequence], 1) + 1
	}
}

// tries counts all attempts, and the events that were attempted and never acknowledged.
func (p *publisher) tries() (attempts, refused int) {
	attempts = p.attempted.count()
	for _, repeated := range p.attempts {
		attempts += repeated - 1
	}
	for word := range p.attempted.size() {
		refused += bits.OnesCount64(p.attempted.word(word) &^ p.acknowledged.word(word))
	}
	return attempts, refused
}

// attemptsOf is at least 1: whoever never calls attempt publishes each event once.
func (p *publisher) attemptsOf(sequence int) int {
	return max(p.attempts[sequence], 1)
}

// acknowledge reports whether the event was not acknowledged before.
func (p *publisher) acknowledge(sequence int, worker string, order int) bool {
	if !p.acknowledged.add(sequence) {
		return false
	}
	if p.byWorker[worker] == nil {
		p.byWorker[worker] = &sequences{}
	}
	p.byWorker[worker].add(sequence)
	for sequence > len(p.acks) {
		p.acks = append(p.acks, acknowledgement{})
	}
	p.acks[sequence-1] = acknowledgement{worker, order}
	return true
}

// receive counts one more due stream that has the event.
func (p *publisher) receive(sequence int) {
	for sequence > len(p.dueReceipts) {
		p.dueReceipts = append(p.dueReceipts, 0)
	}
	p.dueReceipts[sequence-1]++
}

// receipts is how many due streams have the event.
func (p *publisher) receipts(sequence int) int {
	if sequence > len(p.dueReceipts) {
		return 0
	}
	return int(p.dueReceipts[sequence-1])
}
