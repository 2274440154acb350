package eventsource

// spreadMs is the width of the time in which clients that return count as coming together.
const spreadMs = 100

// spreadsMax bounds the times that are told apart: an hour of them. Returns past it count, but not for the herd's spread.
const spreadsMax = 36_000

// lives is what a ledger knows of connections: those that ended though the script did not close them, and how their
// clients came back. A connection that ended before hello, because the server cannot take it now, was turned away and not cut.
type lives struct {
	turnedAway   int
	cuts         int
	minMs, maxMs float64
	returns      int
	perSpread    map[int64]int
}

func (l *lives) cut(openMs float64) {
	if l.cuts == 0 || openMs < l.minMs {
		l.minMs = openMs
	}
	l.maxMs = max(l.maxMs, openMs)
	l.cuts++
}

func (l *lives) returned(atMs float64) {
	l.returns++
	if l.perSpread == nil {
		l.perSpread = map[int64]int{}
	}
	spread := int64(atMs / spreadMs)
	if _, known := l.perSpread[spread]; known || len(l.perSpread) < spreadsMax {
		l.perSpread[spread]++
	}
}

// herd gives the number of returns, and how many came within the same 100 ms: at most, and on average where any did.
func (l *lives) herd() (returns, peak int, mean float64) {
	for _, count := range l.perSpread {
		peak = max(peak, count)
		mean += float64(count)
	}
	if len(l.perSpread) > 0 {
		mean /= float64(len(l.perSpread))
	}
	return l.returns, peak, mean
}
