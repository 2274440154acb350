package eventsource

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLedgerLives(t *testing.T) {
	holder := "worker"
	account := func(t *testing.T, streams int) (*ledger, []*streamLedger) {
		t.Helper()
		l := newLedger("lives", ledgerOptions{publisher: "publisher", sequence: "sequence", holder: &holder})
		pages := []*streamLedger{}
		for range streams {
			page, err := l.join()
			require.NoError(t, err)
			pages = append(pages, page)
		}
		return l, pages
	}
	greet := func(l *ledger, page *streamLedger, atMs float64) {
		l.opened(page, atMs)
		l.hello(page, []byte(fmt.Sprintf(`{"worker":%q}`, "a")))
	}

	t.Run("a stream that ended is ready no less, and open no more until it is back", func(t *testing.T) {
		l, pages := account(t, 2)
		for _, page := range pages {
			greet(l, page, 0)
		}
		l.ended(pages[0], 60_000, false)
		assert.Equal(t, []int{2, 1}, []int{l.readyStreams(), l.openStreams()})

		greet(l, pages[0], 61_000)

		assert.Equal(t, []int{2, 2}, []int{l.readyStreams(), l.openStreams()})
	})

	t.Run("the report says when connections were cut, and how many came back in the same 100 ms", func(t *testing.T) {
		l, pages := account(t, 4)
		for at, page := range pages {
			greet(l, page, 0)
			l.ended(page, float64(1000+at), at == 3) // the script closed the last one
		}
		for at, ms := range []float64{1000, 1099, 1500} {
			greet(l, pages[at], ms)
		}

		r := l.report()

		assert.Equal(t, []int{3, 3, 2}, []int{r.Cuts, r.Returns, r.ReturnsPeak})
		assert.Equal(t, []float64{1000, 1002, 1.5}, []float64{r.CutAfterMinMs, r.CutAfterMaxMs, r.ReturnsMean})
	})

	t.Run("a stream that is told to come back before its hello was turned away, and not cut", func(t *testing.T) {
		l, pages := account(t, 1)
		l.opened(pages[0], 0)
		l.ended(pages[0], 1, false)
		greet(l, pages[0], 2000)

		r := l.report()

		assert.Equal(t, []int{1, 0, 0, 1}, []int{r.TurnedAway, r.Cuts, r.Returns, r.Streams})
	})

	t.Run("the report says how often was tried, and what was never acknowledged", func(t *testing.T) {
		l, _ := account(t, 1)
		for _, sequence := range []int{1, 1, 2, 3} {
			require.NoError(t, l.attempt("p", sequence))
		}
		require.NoError(t, l.acknowledge("p", 1, "a"))

		r := l.report()

		assert.Equal(t, []int{4, 1, 2}, []int{r.Attempts, r.Published, r.Refused})
	})
}
