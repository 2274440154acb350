package eventsource

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

func text(value string) *string { return &value }

var withHolder = ledgerOptions{
	publisher: "publisher", sequence: "sequence", sentAtMs: text("sentAtMs"), holder: text("worker"),
}

var withoutHolder = ledgerOptions{publisher: "publisher", sequence: "sequence"}

// opening is a ledger with as many open streams as there are holders.
func opening(t *testing.T, options ledgerOptions, holders ...string) (*ledger, []*streamLedger) {
	t.Helper()
	l := newLedger("test", options)
	streams := []*streamLedger{}
	for _, holder := range holders {
		streams = append(streams, joined(t, l, holder))
	}
	return l, streams
}

func joined(t *testing.T, l *ledger, holder string) *streamLedger {
	t.Helper()
	stream, err := l.join()
	if err != nil {
		t.Fatal(err)
	}
	l.opened(stream, 0)
	l.hello(stream, fmt.Appendf(nil, `{"worker":%q}`, holder))
	return stream
}

func arrive(l *ledger, stream *streamLedger, publisher string, sequences ...int) {
	for _, sequence := range sequences {
		data := fmt.Appendf(nil, `{"publisher":%q,"sequence":%d,"sentAtMs":1000}`, publisher, sequence)
		l.enter(stream, data, 1005)
	}
}

func acknowledge(t *testing.T, l *ledger, worker, publisher string, sequences ...int) {
	t.Helper()
	for _, sequence := range sequences {
		if err := l.acknowledge(publisher, sequence, worker); err != nil {
			t.Fatal(err)
		}
	}
}

// expect compares figures of a report by name.
func expect(t *testing.T, got map[string]int, want map[string]int) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %d, not %d", name, got[name], value)
		}
	}
}

func figures(r report) map[string]int {
	return map[string]int{
		"streams": r.Streams, "streamsLate": r.StreamsLate, "published": r.Published, "due": r.Due,
		"delivered": r.Delivered, "lost": r.Lost, "lostMax": r.LostMax, "doubled": r.Doubled,
		"disordered": r.Disordered, "foreign": r.Foreign, "unacknowledged": r.Unacknowledged, "gaps": r.Gaps,
		"lostPredicted": r.LostPredicted, "unexplained": r.Unexplained, "attempts": r.Attempts, "refused": r.Refused,
	}
}

func TestLedgerDelivery(t *testing.T) {
	t.Run("what is acknowledged and received everywhere is delivered, whichever comes first", func(t *testing.T) {
		l, streams := opening(t, withoutHolder, "", "")
		for _, stream := range streams {
			arrive(l, stream, "p", 1)
		}
		acknowledge(t, l, "", "p", 1, 2)
		for _, stream := range streams {
			arrive(l, stream, "p", 2)
		}
		expect(t, figures(l.report()), map[string]int{
			"streams": 2, "published": 2, "due": 4, "delivered": 4, "lost": 0, "doubled": 0, "disordered": 0})
		if l.missing() != 0 {
			t.Errorf("%d are missing", l.missing())
		}
	})

	t.Run("lost is a set: a doubled event does not make up for one that is missing", func(t *testing.T) {
		l, streams := opening(t, withoutHolder, "", "")
		acknowledge(t, l, "", "p", 1, 2, 3)
		arrive(l, streams[0], "p", 1, 1, 3)
		arrive(l, streams[1], "p", 3)
		r := l.report()
		expect(t, figures(r), map[string]int{"due": 6, "delivered": 3, "lost": 3, "lostMax": 2, "doubled": 1})
		if l.missing() != 3 || len(r.Examples) != 3 || r.Examples[0] != (lostEvent{0, "p", 2, "", ""}) {
			t.Errorf("%d missing, examples %v", l.missing(), r.Examples)
		}
	})

	t.Run("publishers have numbers of their own", func(t *testing.T) {
		l, streams := opening(t, withoutHolder, "")
		acknowledge(t, l, "", "p", 1)
		acknowledge(t, l, "", "q", 1)
		arrive(l, streams[0], "q", 1)
		expect(t, figures(l.report()), map[string]int{"published": 2, "lost": 1, "doubled": 0})
	})

	t.Run("an event is acknowledged once, however often that is said", func(t *testing.T) {
		l, streams := opening(t, withoutHolder, "")
		arrive(l, streams[0], "p", 1)
		acknowledge(t, l, "", "p", 1, 1)
		expect(t, figures(l.report()), map[string]int{"published": 1, "delivered": 1})
		if l.missing() != 0 {
			t.Errorf("%d are missing", l.missing())
		}
	})

	t.Run("a stream that comes after the first publish is owed nothing", func(t *testing.T) {
		l, streams := opening(t, withoutHolder, "")
		acknowledge(t, l, "", "p", 1)
		late := joined(t, l, "")
		arrive(l, streams[0], "p", 1)
		arrive(l, late, "p", 1, 1)
		expect(t, figures(l.report()), map[string]int{"streams": 1, "streamsLate": 1, "due": 1, "delivered": 1, "lost": 0, "doubled": 1})
		if l.missing() != 0 {
			t.Errorf("%d are missing", l.missing())
		}
	})

	t.Run("where holders are told apart a stream is ready with its hello", func(t *testing.T) {
		l := newLedger("test", withHolder)
		stream, _ := l.join()
		l.opened(stream, 0)
		l.hello(stream, []byte(`{"pid":1}`))
		before := l.readyStreams()
		l.hello(stream, []byte(`{"worker":"a"}`))
		if before != 0 || l.readyStreams() != 1 {
			t.Errorf("ready were %d, then %d", before, l.readyStreams())
		}
	})
}

func TestLedgerOrder(t *testing.T) {
	t.Run("out of order is what comes below the highest, without what is doubled", func(t *testing.T) {
		l, streams := opening(t, withoutHolder, "")
		arrive(l, streams[0], "p", 1, 4, 2, 3, 5, 2)
		arrive(l, streams[0], "q", 1)
		expect(t, figures(l.report()), map[string]int{"disordered": 2, "doubled": 1})
	})
}

func TestLedgerUnacknowledged(t *testing.T) {
	t.Run("an event that nobody acknowledged may arrive and is told apart", func(t *testing.T) {
		l, streams := opening(t, withoutHolder, "")
		_ = l.attempt("p", 1)
		arrive(l, streams[0], "p", 1)
		expect(t, figures(l.report()), map[string]int{
			"unacknowledged": 1, "doubled": 0, "lost": 0, "published": 0, "attempts": 1, "refused": 1})
	})

	t.Run("an event may arrive once for each attempt", func(t *testing.T) {
		l, streams := opening(t, withoutHolder, "")
		_ = l.attempt("p", 1)
		_ = l.attempt("p", 1)
		acknowledge(t, l, "", "p", 1)
		arrive(l, streams[0], "p", 1, 1)
		twice := l.report().Doubled
		arrive(l, streams[0], "p", 1)
		if twice != 0 || l.report().Doubled != 1 {
			t.Errorf("doubled is %d, then %d", twice, l.report().Doubled)
		}
	})
}

func TestLedgerForeign(t *testing.T) {
	l, streams := opening(t, withHolder, "a")
	for _, data := range []string{
		"", "null", "[]", "text", `"text"`, `{`, "\x00\xff", `{"publisher":"p"}`, `{"sequence":1,"sentAtMs":1}`,
		`{"publisher":"","sequence":1,"sentAtMs":1}`, `{"publisher":{},"sequence":1,"sentAtMs":1}`,
		`{"publisher":"p","sequence":"1","sentAtMs":1}`, `{"publisher":"p","sequence":0,"sentAtMs":1}`,
		`{"publisher":"p","sequence":-1,"sentAtMs":1}`, `{"publisher":"p","sequence":1.5,"sentAtMs":1}`,
		`{"publisher":"p","sequence":1048577,"sentAtMs":1}`, `{"publisher":"p","sequence":1e300,"sentAtMs":1}`,
		`{"publisher":"p","sequence":1}`, `{"publisher":"p","sequence":1,"sentAtMs":"1"}`,
	} {
		t.Run(fmt.Sprintf("%q is foreign", data), func(t *testing.T) {
			before := l.report().Foreign
			l.enter(streams[0], []byte(data), 0)
			if got := l.report().Foreign - before; got != 1 {
				t.Fatalf("foreign rose by %d", got)
			}
		})
	}

	t.Run("a foreign event does not begin the run", func(t *testing.T) {
		if l.begun {
			t.Fatal("it does")
		}
	})
}

func TestLedgerBounds(t *testing.T) {
	t.Run("past the last publisher an event is foreign and an acknowledgement is an error", func(t *testing.T) {
		l, streams := opening(t, withoutHolder, "")
		for at := range publishersMax {
			acknowledge(t, l, "", fmt.Sprint("p", at), 1)
		}
		arrive(l, streams[0], "more", 1)
		if err := l.acknowledge("more", 1, ""); err == nil || !strings.Contains(err.Error(), "1024 publishers") {
			t.Errorf("got %v", err)
		}
		expect(t, figures(l.report()), map[string]int{"foreign": 1, "published": publishersMax})
	})

	t.Run("what is doubled past the bound of its list is counted exactly all the same", func(t *testing.T) {
		l, streams := opening(t, withoutHolder, "")
		for sequence := 1; sequence <= repeatsMax+10; sequence++ {
			arrive(l, streams[0], "p", sequence, sequence)
		}
		expect(t, figures(l.report()), map[string]int{"doubled": repeatsMax + 10})
	})
}

func TestLedgerPrediction(t *testing.T) {
	t.Run("a memory bus loses exactly what went through another worker", func(t *testing.T) {
		l, streams := opening(t, withHolder, "a", "a", "b")
		acknowledge(t, l, "a", "p", 1, 3)
		acknowledge(t, l, "b", "p", 2)
		arrive(l, streams[0], "p", 1, 3)
		arrive(l, streams[1], "p", 1, 3)
		arrive(l, streams[2], "p", 2)
		r := l.report()
		expect(t, figures(r), map[string]int{"due": 9, "lost": 4, "lostPredicted": 4, "unexplained": 0})
		if math.Abs(r.LostRatePredicted-4.0/9) > 1e-12 || math.Abs(r.LostRate-4.0/9) > 1e-12 {
			t.Errorf("rates %v and %v", r.LostRatePredicted, r.LostRate)
		}
		a, b := r.Workers[0], r.Workers[1]
		if fmt.Sprint(a.Streams, a.Published, a.Lost, b.Streams, b.Published, b.Lost) != "2 2 2 1 1 2" {
			t.Errorf("workers %v", r.Workers)
		}
	})

	t.Run("cuts and latencies stand with the worker that held the stream then", func(t *testing.T) {
		l, streams := opening(t, withHolder, "a", "b")
		l.enter(streams[0], []byte(`{"publisher":"p","sequence":1,"sentAtMs":1000}`), 1005)
		l.ended(streams[0], 100, false)
		l.opened(streams[0], 2000)
		l.hello(streams[0], []byte(`{"worker":"b"}`))
		l.enter(streams[0], []byte(`{"publisher":"p","sequence":2,"sentAtMs":2000}`), 2050)
		r := l.report()
		if len(r.Workers) != 2 {
			t.Fatalf("workers %v", r.Workers)
		}
		a, b := r.Workers[0], r.Workers[1]
		if a.Cuts != 1 || b.Cuts != 0 {
			t.Errorf("cuts %d and %d", a.Cuts, b.Cuts)
		}
		if math.Abs(a.LatencyP99Ms-5) > 0.05 || math.Abs(b.LatencyP50Ms-50) > 0.5 {
			t.Errorf("latencies %v and %v", a, b)
		}
	})

	t.Run("unexplained counts both directions, which as a difference of numbers would cancel out", func(t *testing.T) {
		l, streams := opening(t, withHolder, "a")
		acknowledge(t, l, "a", "p", 1)
		acknowledge(t, l, "b", "p", 2)
		arrive(l, streams[0], "p", 2)
		expect(t, figures(l.report()), map[string]int{"lost": 1, "lostPredicted": 1, "unexplained": 2})
	})

	t.Run("a stream that comes back to another worker is held by each at its time, and by nobody in between", func(t *testing.T) {
		l, streams := opening(t, withHolder, "a")
		acknowledge(t, l, "a", "p", 1)
		acknowledge(t, l, "b", "p", 2)
		l.ended(streams[0], 10, false)
		acknowledge(t, l, "a", "p", 3)
		acknowledge(t, l, "b", "p", 4)
		l.opened(streams[0], 20)
		l.hello(streams[0], []byte(`{"worker":"b"}`))
		acknowledge(t, l, "a", "p", 5)
		acknowledge(t, l, "b", "p", 6)
		arrive(l, streams[0], "p", 1, 6)
		expect(t, figures(l.report()), map[string]int{"lost": 4, "lostPredicted": 4, "unexplained": 0})
	})

	t.Run("without a holder nothing is predicted", func(t *testing.T) {
		l, _ := opening(t, withoutHolder, "")
		acknowledge(t, l, "a", "p", 1)
		r := l.report()
		expect(t, figures(r), map[string]int{"lost": 1, "lostPredicted": 0, "unexplained": 0})
		if r.LostRatePredicted != 0 {
			t.Errorf("rate %v", r.LostRatePredicted)
		}
	})
}

func TestLedgerLatency(t *testing.T) {
	t.Run("a latency is the time from sending to reading, of the first arrival only", func(t *testing.T) {
		l, streams := opening(t, withHolder, "a")
		data := []byte(`{"publisher":"p","sequence":1,"sentAtMs":1000.25}`)
		first, ok := l.enter(streams[0], data, 1005)
		_, again := l.enter(streams[0], data, 9000)
		r := l.report()
		if !ok || again || first != 4.75 || r.LatencyCount != 1 || r.LatencyMaxMs != 4.75 {
			t.Errorf("latency %v (%v, %v), %d of them, at most %v", first, ok, again, r.LatencyCount, r.LatencyMaxMs)
		}
	})
}

func TestLedgerConcurrently(t *testing.T) {
	t.Run("missing agrees with the sets of the report, whatever arrives while acknowledgements come", func(t *testing.T) {
		const events = 300
		l, streams := opening(t, withHolder, strings.Split(strings.Repeat("a b ", 10)+"a", " ")...)
		var all sync.WaitGroup
		for _, stream := range streams {
			all.Go(func() {
				for _, at := range rand.Perm(events) {
					if at%7 != 0 {
						arrive(l, stream, "p", at+1)
					}
				}
			})
		}
		all.Go(func() {
			for _, at := range rand.Perm(events) {
				_ = l.acknowledge("p", at+1, "a")
				_ = l.missing()
			}
		})
		all.Wait()
		want := len(streams) * ((events + 6) / 7)
		if r := l.report(); r.Lost != want || l.missing() != want {
			t.Errorf("lost %d, missing %d, not %d", r.Lost, l.missing(), want)
		}
	})
}

func TestLedgerAllocations(t *testing.T) {
	t.Run("entering an event costs no garbage", func(t *testing.T) {
		l, streams := opening(t, withHolder, "a")
		data := []byte(`{"publisher":"p","sequence":1,"sentAtMs":1000,"padding":"xxxxxxxx"}`)
		l.enter(streams[0], data, 1001)
		if allocations := testing.AllocsPerRun(100, func() { l.enter(streams[0], data, 1001) }); allocations != 0 {
			t.Errorf("%v allocations for each event", allocations)
		}
	})
}

// BenchmarkLedgerReport is the account of 5,000 streams and 3,000 events, half of which are lost.
func BenchmarkLedgerReport(b *testing.B) {
	l := newLedger("test", withHolder)
	for at := range 5000 {
		stream, _ := l.join()
		l.hello(stream, fmt.Appendf(nil, `{"worker":"w%d"}`, at%2))
	}
	for sequence := 1; sequence <= 3000; sequence++ {
		_ = l.acknowledge("p", sequence, fmt.Sprint("w", sequence%2))
	}
	for at, stream := range l.streams {
		for sequence := 1 + at%2; sequence <= 3000; sequence += 2 {
			arrive(l, stream, "p", sequence)
		}
	}
	b.Run("report", func(b *testing.B) {
		for b.Loop() {
			l.report()
		}
	})
	b.Run("missing", func(b *testing.B) {
		for b.Loop() {
			l.missing()
		}
	})
}

func BenchmarkLedgerEnter(b *testing.B) {
	l := newLedger("test", withHolder)
	stream, _ := l.join()
	l.hello(stream, []byte(`{"worker":"a"}`))
	data := []byte(`{"publisher":"p1","sequence":12,"sentAtMs":1764000000000.5,"padding":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}`)
	for b.Loop() {
		l.enter(stream, data, 1764000000001)
	}
}
