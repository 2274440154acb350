package eventsource

import "github.com/HdrHistogram/hdrhistogram-go"

const (
	// A year: what is slower is counted as that.
	microsMax = 1<<45 - 1
	// Two: a value is known to 1 %, in 40 KiB however many there are.
	significantDigits = 2
)

// histogram holds times in milliseconds, to a microsecond and 1 %.
type histogram struct {
	micros *hdrhistogram.Histogram
	maxMs  float64
}

func newHistogram() histogram {
	return histogram{micros: hdrhistogram.New(1, microsMax, significantDigits)}
}

// add takes milliseconds. Below zero, where two clocks disagree, counts as zero.
func (h *histogram) add(ms float64) {
	ms = max(ms, 0)
	h.maxMs = max(h.maxMs, ms)
	// It fails for what is out of its range only.
	_ = h.micros.RecordValue(int64(min(ms*1000, microsMax)))
}

func (h *histogram) count() int {
	return int(h.micros.TotalCount())
}

// quantile gives milliseconds, 0 while there are no values. q is from 0 to 1.
func (h *histogram) quantile(q float64) float64 {
	micros := h.micros.ValueAtPercentile(q * 100)
	// What it gives is the highest value that it cannot tell from the one that is wanted.
	return min(float64(micros)/1000, h.maxMs)
}
