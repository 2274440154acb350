package eventsource

import (
	"fmt"
	"strings"
	"sync"
)

// publishersMax and streamsMax bound a ledger. Beyond publishersMax, events count as foreign and acknowledge() throws; beyond
// streamsMax, join() throws.
const (
	publishersMax = 1024
	streamsMax    = 100_000
)

// ledger compares what was published with what arrived, in sets of (publisher, sequence) for each stream. One name is
// one ledger in the whole process. Safe for any goroutine.
type ledger struct {
	name    string
	options ledgerOptions

	mu         sync.Mutex
	publishers map[string]int // name to place in columns
	columns    []*publisher
	streams    []*streamLedger
	begun      bool // something was published, or arrived: no stream becomes due any more
	due        int
	ready      int
	acks       int
	delivered  int // pairs of a due stream and an acknowledged event that it has
	foreign    int
	gaps       int
	open       int // streams whose connection is open, and whose holder is known where it matters
	latency    histogram
	parts      map[string]*part // by worker
	lives      lives
	settled    bool
}

func newLedger(name string, options ledgerOptions) *ledger {
	return &ledger{name: name, options: options, publishers: map[string]int{}, latency: newHistogram(), parts: map[string]*part{}}
}

// join opens a page for one stream.
func (l *ledger) join() (*streamLedger, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.streams) >= streamsMax {
		return nil, fmt.Errorf("ledger %q has %d streams already, the most it takes", l.name, streamsMax)
	}
	stream := &streamLedger{index: len(l.streams)}
	l.streams = append(l.streams, stream)
	return stream, nil
}

// opened says that a connection of the stream is open. Where workers are told apart, the stream is ready with `hello`
// only, because nobody knows its holder before.
func (l *ledger) opened(stream *streamLedger, atMs float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	stream.openedAtMs = atMs
	if l.options.holder == nil {
		l.makeReady(stream)
	}
}

// hello says which worker holds the connection of the stream.
func (l *ledger) hello(stream *streamLedger, data []byte) {
	if l.options.holder == nil {
		return
	}
	worker := textAt(data, *l.options.holder)
	if worker == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	worker = strings.Clone(worker)
	stream.hold(worker, l.acks)
	stream.part = l.partOf(worker)
	l.makeReady(stream)
}

func (l *ledger) makeReady(stream *streamLedger) {
	if !stream.open {
		stream.open = true
		l.open++
	}
	if stream.cut {
		stream.cut = false
		l.lives.returned(stream.openedAtMs)
	}
	if stream.ready {
		return
	}
	stream.ready = true
	l.ready++
	if !l.begun {
		stream.due = true
		l.due++
	}
}

// ended says that the stream's connection is gone: what is published now reaches it by replay or not at all. A stream that
// the script closed was not cut.
func (l *ledger) ended(stream *streamLedger, openMs float64, byScript bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	wasOpen := stream.open
	if wasOpen {
		stream.open = false
		l.open--
	}
	if byScript {
		return // its holder stands: what is missing now was lost under it
	}
	if !wasOpen {
		l.lives.turnedAway++ // told to come back before anything began
		return
	}
	stream.cut = true
	l.lives.cut(openMs)
	if stream.part != nil {
		stream.part.cuts++
		stream.part = nil
	}
	if l.options.holder != nil {
		stream.hold("", l.acks)
	}
}

func (l *ledger) gap() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gaps++
}

// enter takes the data of one event of the stream. It gives the latency in ms where the event came for the first time and
// says when it was sent.
func (l *ledger) enter(stream *streamLedger, data []byte, receivedAtMs float64) (latencyMs float64, ok bool) {
	entry, valid := readEntry(data, l.options)
	l.mu.Lock()
	defer l.mu.Unlock()
	column := -1
	if valid {
		column = l.column(entry.publisher)
	}
	if column < 0 {
		l.foreign++
		return 0, false
	}
	l.begun = true
	if !stream.enter(column, entry.sequence) {
		return 0, false
	}
	l.deliver(stream, column, entry.sequence)
	if l.options.sentAtMs == nil {
		return 0, false
	}
	latencyMs = max(receivedAtMs-entry.sentAtMs, 0)
	l.latency.add(latencyMs)
	if stream.part != nil {
		stream.part.latency.add(latencyMs)
	}
	return latencyMs, true
}

func (l *ledger) deliver(stream *streamLedger, column, sequence int) {
	if !stream.due {
		return
	}
	publisher := l.columns[column]
	publisher.receive(sequence)
	if publisher.acknowledged.has(sequence) {
		l.delivered++
	}
}

// column gives a publisher's place, and makes one; -1 where the ledger is full.
func (l *ledger) column(name string) int {
	if at, known := l.publishers[name]; known {
		return at
	}
	if len(l.columns) >= publishersMax {
		return -1
	}
	name = strings.Clone(name) // it may be a piece of a read buffer
	l.publishers[name] = len(l.columns)
	l.columns = append(l.columns, newPublisher(name))
	return len(l.columns) - 1
}

// attempt says that the event is about to be published.
func (l *ledger) attempt(name string, sequence int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = true
	column := l.column(name)
	if column < 0 {
		return l.full()
	}
	l.columns[column].attempt(sequence)
	return nil
}

// acknowledge says that the server took the event, through that worker.
func (l *ledger) acknowledge(name string, sequence int, worker string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = true
	column := l.column(name)
	if column < 0 {
		return l.full()
	}
	publisher := l.columns[column]
	if publisher.acknowledge(sequence, worker, l.acks) {
		l.acks++
		// An event mostly arrives before its 202 does.
		l.delivered += publisher.receipts(sequence)
	}
	return nil
}

func (l *ledger) full() error {
	return fmt.Errorf("ledger %q has %d publishers already, the most it takes: name fewer of them", l.name, publishersMax)
}

// missing counts acknowledged events that a due stream does not have yet.
func (l *ledger) missing() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acks*l.due - l.delivered
}

// readyStreams counts the streams that have been ready, even if they are not any more.
func (l *ledger) readyStreams() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ready
}

// openStreams counts the streams that are open now.
func (l *ledger) openStreams() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// settle answers whether this is the first time.
func (l *ledger) settle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := !l.settled
	l.settled = true
	return first
}

func (l *ledger) isSettled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.settled
}
