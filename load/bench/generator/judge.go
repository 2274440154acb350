package main

import (
	"math"
	"time"
)

// lastWait is how long the last event may take to reach the last stream.
const lastWait = 20 * time.Second

// dueTo is how many deliveries what was acknowledged comes to.
func dueTo(streams []*stream, s sent) int64 {
	var sum int64
	for _, one := range streams {
		for series, count := range s.counts {
			if one.hears(series) {
				sum += count
			}
		}
	}
	return sum
}

// awaitReceived returns when so many deliveries have come, or after lastWait.
func awaitReceived(due int64) {
	for deadline := time.Now().Add(lastWait); receivedByAll.Load() < due && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
}

// judge closes the streams and compares what each got with what was acknowledged. An event that comes after a later one
// counts as lost when it is passed, and as doubled when it comes.
func judge(result *Result, streams []*stream, s sent) {
	cut(streams)
	for _, one := range streams {
		if one.closed {
			result.Closed++
		}
		result.Doubled += one.doubled
		result.Lost += one.missed
		for series := range one.next {
			if one.hears(series) {
				// What was not acknowledged may have come all the same.
				result.Lost += max(0, s.counts[series]-one.next[series].Load())
			}
		}
	}
}

// latencyOf merges what streams saw.
func latencyOf(streams []*stream) *histogram {
	var all histogram
	for _, one := range streams {
		for index, count := range one.latencies {
			all[index] += count
		}
	}
	return &all
}

// histogram counts latencies in steps of 5 %, from a microsecond on. By hand, and apart from the k6 extension's: each stream has
// one, and those of the library there are 25 times as large. The generator must cost next to nothing beside what it measures.
type histogram [400]uint32

func (h *histogram) add(ns int64) {
	h[bucket(ns)]++
}

var step = math.Log(1.05)

func bucket(ns int64) int {
	us := float64(ns) / 1000
	if us <= 1 {
		return 0
	}
	return min(len(histogram{})-1, int(math.Log(us)/step))
}

func (r *Result) setLatencies(streams []*stream) {
	latencies := latencyOf(streams)
	r.P50Ms, r.P99Ms = latencies.percentileMs(0.5), latencies.percentileMs(0.99)
}

// percentileMs is the middle of the step in which the share is reached. 0 without any latency.
func (h *histogram) percentileMs(share float64) float64 {
	var total, seen uint64
	for _, count := range h {
		total += uint64(count)
	}
	for index, count := range h {
		seen += uint64(count)
		if total > 0 && float64(seen) >= share*float64(total) {
			return math.Pow(1.05, float64(index)+0.5) / 1000
		}
	}
	return 0
}
