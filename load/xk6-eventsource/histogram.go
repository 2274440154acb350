package eventsource

import (
	"math"
	"math/bits"
)

// subBits sets the precision: 128 buckets for each power of two, so a value is known to better than 1 %.
const subBits = 7

// bucketsMax reaches past 2^45 µs, a year: what is slower is counted as that.
const bucketsMax = (45 - subBits + 1) << subBits

// histogram holds latencies in microseconds: exact below 128 µs, to 1 % above, in 40 KiB however many there are.
type histogram struct {
	buckets [bucketsMax]uint64
	count   uint64
	maxMs   float64
}

// add takes milliseconds. Below zero, where two clocks disagree, counts as zero.
func (h *histogram) add(ms float64) {
	ms = max(ms, 0)
	h.buckets[bucketOf(ms)]++
	h.count++
	h.maxMs = max(h.maxMs, ms)
}

// quantile gives milliseconds, 0 while there are no values. q is from 0 to 1.
func (h *histogram) quantile(q float64) float64 {
	wanted := uint64(math.Ceil(q * float64(h.count)))
	seen := uint64(0)
	for at, count := range h.buckets {
		seen += count
		if count > 0 && seen >= wanted {
			return min(upperMs(at), h.maxMs)
		}
	}
	return 0
}

func bucketOf(ms float64) int {
	micros := uint64(min(ms*1000, 1<<45-1))
	shift := max(bits.Len64(micros)-subBits-1, 0)
	return shift<<subBits + int(micros>>shift)
}

// upperMs is the highest value of a bucket.
func upperMs(at int) float64 {
	shift := max(at>>subBits-1, 0)
	micros := uint64(at-shift<<subBits+1)<<shift - 1
	return float64(micros) / 1000
}
