package eventsource

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestHistogram(t *testing.T) {
	t.Run("without values every quantile is 0", func(t *testing.T) {
		none := newHistogram()
		if got := none.quantile(0.99); got != 0 {
			t.Fatalf("got %v", got)
		}
	})

	t.Run("a quantile is within 1 % of the sorted values", func(t *testing.T) {
		h, values := newHistogram(), []float64{}
		for range 20_000 {
			ms := math.Exp(rand.NormFloat64()*2 + 1)
			h.add(ms)
			values = append(values, ms)
		}
		slices.Sort(values)
		for _, q := range []float64{0.01, 0.5, 0.95, 0.99, 1} {
			want := values[int(math.Ceil(q*float64(len(values))))-1]
			// Whole microseconds are all that it knows.
			if got := h.quantile(q); math.Abs(got-want) > want*0.01+0.001 {
				t.Fatalf("quantile %v is %v, not %v", q, got, want)
			}
		}
		if h.maxMs != values[len(values)-1] {
			t.Fatalf("the highest is %v, not %v", h.maxMs, values[len(values)-1])
		}
	})

	t.Run("no quantile is above the highest value", func(t *testing.T) {
		h := newHistogram()
		h.add(1000.4)
		if got := h.quantile(0.5); got > 1000.4 || got < 990 {
			t.Fatalf("got %v", got)
		}
	})

	t.Run("a clock that is ahead counts as 0, and a value without end as the highest", func(t *testing.T) {
		h := newHistogram()
		h.add(-5)
		h.add(math.Inf(1))
		if h.count() != 2 || h.quantile(0.5) != 0 {
			t.Fatalf("%d values, median %v", h.count(), h.quantile(0.5))
		}
	})
}
