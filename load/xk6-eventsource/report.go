package eventsource

import (
	"math/bits"
	"sort"
)

// examplesMax is enough lost events for a text that a person reads.
const examplesMax = 10

// report is a ledger's account, as scripts get it. Counts of deliveries are sums over the due streams; doubled,
// disordered, foreign, gaps and latency are of all streams.
type report struct {
	Ledger            string       `js:"ledger"`
	Streams           int          `js:"streams"`
	StreamsLate       int          `js:"streamsLate"`
	Attempts          int          `js:"attempts"`
	Published         int          `js:"published"`
	Refused           int          `js:"refused"`
	Due               int          `js:"due"`
	Delivered         int          `js:"delivered"`
	Lost              int          `js:"lost"`
	LostMax           int          `js:"lostMax"`
	LostRate          float64      `js:"lostRate"`
	Doubled           int          `js:"doubled"`
	Disordered        int          `js:"disordered"`
	Foreign           int          `js:"foreign"`
	Unacknowledged    int          `js:"unacknowledged"`
	Gaps              int          `js:"gaps"`
	LostPredicted     int          `js:"lostPredicted"`
	LostRatePredicted float64      `js:"lostRatePredicted"`
	Unexplained       int          `js:"unexplained"`
	LatencyCount      int          `js:"latencyCount"`
	LatencyP50Ms      float64      `js:"latencyP50Ms"`
	LatencyP95Ms      float64      `js:"latencyP95Ms"`
	LatencyP99Ms      float64      `js:"latencyP99Ms"`
	LatencyMaxMs      float64      `js:"latencyMaxMs"`
	Cuts              int          `js:"cuts"`
	CutAfterMinMs     float64      `js:"cutAfterMinMs"`
	CutAfterMaxMs     float64      `js:"cutAfterMaxMs"`
	TurnedAway        int          `js:"turnedAway"`
	Returns           int          `js:"returns"`
	ReturnsPeak       int          `js:"returnsPeakPer100Ms"`
	ReturnsMean       float64      `js:"returnsMeanPer100Ms"`
	Workers           []workerLine `js:"workers"`
	Examples          []lostEvent  `js:"examples"`
}

// workerLine is one worker's part: the due streams that it held first, what those lost in all, and the acknowledged events
// that it took. Cuts and latencies are of whatever it held, when it held it.
type workerLine struct {
	Worker       string  `js:"worker"`
	Streams      int     `js:"streams"`
	Published    int     `js:"published"`
	Lost         int     `js:"lost"`
	Cuts         int     `js:"cuts"`
	LatencyP50Ms float64 `js:"latencyP50Ms"`
	LatencyP95Ms float64 `js:"latencyP95Ms"`
	LatencyP99Ms float64 `js:"latencyP99Ms"`
}

// lostEvent is an acknowledged event that a stream did not get.
type lostEvent struct {
	Stream    int    `js:"stream"`
	Publisher string `js:"publisher"`
	Sequence  int    `js:"sequence"`
	Worker    string `js:"worker"`
	Holder    string `js:"holder"`
}

func (l *ledger) report() report {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := report{
		Ledger: l.name, Streams: l.due, StreamsLate: len(l.streams) - l.due, Published: l.acks, Due: l.acks * l.due,
		Foreign: l.foreign, Gaps: l.gaps, Workers: []workerLine{}, Examples: []lostEvent{},
		LatencyCount: l.latency.count(), LatencyMaxMs: l.latency.maxMs,
		LatencyP50Ms: l.latency.quantile(0.5), LatencyP95Ms: l.latency.quantile(0.95), LatencyP99Ms: l.latency.quantile(0.99),
	}
	r.Cuts, r.CutAfterMinMs, r.CutAfterMaxMs = l.lives.cuts, l.lives.minMs, l.lives.maxMs
	r.TurnedAway = l.lives.turnedAway
	r.Returns, r.ReturnsPeak, r.ReturnsMean = l.lives.herd()
	for _, publisher := range l.columns {
		attempts, refused := publisher.tries()
		r.Attempts += attempts
		r.Refused += refused
	}
	lostUnder := map[string]int{} // by first holder
	for _, stream := range l.streams {
		r.Disordered += stream.disordered
		lost := 0
		for at, publisher := range l.columns {
			r.Doubled += doubled(stream, at, publisher)
			if stream.due {
				lost += l.reportStream(&r, stream, at)
			}
		}
		r.Lost += lost
		lostUnder[stream.firstHolder()] += lost
		r.LostMax = max(r.LostMax, lost)
	}
	r.Delivered = r.Due - r.Lost
	if r.Due > 0 {
		r.LostRate = float64(r.Lost) / float64(r.Due)
	}
	l.reportWorkers(&r, lostUnder)
	return r
}

// doubled counts arrivals beyond one for each attempt. A 503 is no proof that the event was not taken, so an event that
// was tried twice may come twice.
func doubled(stream *streamLedger, at int, publisher *publisher) int {
	if at >= len(stream.publishers) || stream.publishers[at] == nil {
		return 0
	}
	count := 0
	for sequence, repeats := range stream.publishers[at].repeats {
		count += max(repeats+1-publisher.attemptsOf(sequence), 0)
	}
	return count
}

// reportStream compares one stream with one publisher, 64 events at a time, and gives the number of lost ones.
func (l *ledger) reportStream(r *report, stream *streamLedger, at int) (lost int) {
	publisher, received := l.columns[at], stream.received(at)
	for word := range max(publisher.acknowledged.size(), received.size()) {
		acknowledged, got := publisher.acknowledged.word(word), received.word(word)
		missed := acknowledged &^ got
		r.Unacknowledged += bits.OnesCount64(got &^ acknowledged)
		lost += bits.OnesCount64(missed)
		if l.options.holder != nil {
			predicted := publisher.unreachable(stream, word, acknowledged)
			r.LostPredicted += bits.OnesCount64(predicted)
			r.Unexplained += bits.OnesCount64(predicted ^ missed)
		}
		l.addExamples(r, stream, at, word, missed)
	}
	return lost
}

// unreachable gives the acknowledged events of a word that went through another worker than the stream's holder: those
// that a memory bus cannot bring. Who changed its holder is looked up event by event, at the time of the 202.
func (p *publisher) unreachable(stream *streamLedger, word int, acknowledged uint64) uint64 {
	if len(stream.holdings) == 1 {
		return acknowledged &^ p.byWorker[stream.holdings[0].worker].word(word)
	}
	far := uint64(0)
	for rest := acknowledged; rest != 0; rest &= rest - 1 {
		bit := bits.TrailingZeros64(rest)
		ack := p.acks[word*wordBits+bit]
		if stream.holderAt(ack.order) != ack.worker {
			far |= 1 << bit
		}
	}
	return far
}

func (l *ledger) addExamples(r *report, stream *streamLedger, at, word int, missed uint64) {
	for ; missed != 0 && len(r.Examples) < examplesMax; missed &= missed - 1 {
		index := word*wordBits + bits.TrailingZeros64(missed)
		ack := l.columns[at].acks[index]
		r.Examples = append(r.Examples, lostEvent{
			Stream: stream.index, Publisher: l.columns[at].name, Sequence: index + 1,
			Worker: ack.worker, Holder: stream.holderAt(ack.order),
		})
	}
}

// reportWorkers adds each worker's part, and from it what theory says for a memory bus: 1 - Σ share of the publishes x
// share of the streams.
func (l *ledger) reportWorkers(r *report, lostUnder map[string]int) {
	lines := map[string]*workerLine{}
	line := func(worker string) *workerLine {
		if lines[worker] == nil {
			lines[worker] = &workerLine{Worker: worker}
		}
		return lines[worker]
	}
	for _, stream := range l.streams {
		if stream.due {
			line(stream.firstHolder()).Streams++
		}
	}
	for _, publisher := range l.columns {
		for worker, acknowledged := range publisher.byWorker {
			line(worker).Published += acknowledged.count()
		}
	}
	for worker, part := range l.parts {
		line(worker).take(part)
	}
	reached := 0.0
	for worker, line := range lines {
		line.Lost = lostUnder[worker]
		r.Workers = append(r.Workers, *line)
		reached += float64(line.Streams) * float64(line.Published)
	}
	sort.Slice(r.Workers, func(a, b int) bool { return r.Workers[a].Worker < r.Workers[b].Worker })
	if l.options.holder != nil && r.Due > 0 {
		r.LostRatePredicted = 1 - reached/float64(r.Due)
	}
}

func (w *workerLine) take(from *part) {
	w.Cuts = from.cuts
	w.LatencyP50Ms, w.LatencyP95Ms, w.LatencyP99Ms =
		from.latency.quantile(0.5), from.latency.quantile(0.95), from.latency.quantile(0.99)
}
