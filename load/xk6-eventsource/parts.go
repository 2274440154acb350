package eventsource

// partsMax bounds the workers whose cuts and latencies stand by themselves, at 40 KiB each. Those of one more are in the
// ledger's own figures alone.
const partsMax = 64

// part is what happened on streams while one worker held them.
type part struct {
	cuts    int
	latency histogram
}

// partOf gives a worker's part, and makes one; nil past the bound.
func (l *ledger) partOf(worker string) *part {
	if l.parts[worker] == nil && len(l.parts) < partsMax {
		l.parts[worker] = &part{latency: newHistogram()}
	}
	return l.parts[worker]
}
