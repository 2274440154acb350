package main

import (
	"fmt"
	"math"
	"net"
	"testing"
	"time"
)

func newStream() *stream {
	return newStreams(1, options{publishers: 2})[0]
}

func event(publisher, sequence int, sentNs int64) string {
	return fmt.Sprintf("6a\r\nid: 1-0\ndata: \"%s%d:%d:%d:xxxx\"\n\n\r\n", mark, publisher, sequence, sentNs)
}

// received counts what came in order: a stream keeps only what comes next, and what it missed before that.
func received(s *stream) int64 {
	sum := -s.missed
	for publisher := range s.next {
		sum += s.next[publisher].Load()
	}
	return sum
}

// feed gives a text in pieces of `size` bytes, as a socket might.
func feed(s *stream, text string, size int) {
	var rest []byte
	for at := 0; at < len(text); at += size {
		piece := append(append([]byte{}, rest...), text[at:min(len(text), at+size)]...)
		rest = s.take(piece, time.Now().UnixNano())
	}
}

func TestEventsAreCountedWhereverAReadEnds(t *testing.T) {
	text := event(0, 0, 1) + ":\n\n" + event(1, 0, 1) + event(0, 1, 1)
	for size := 1; size <= len(text); size++ {
		s := newStream()
		feed(s, text, size)
		if received(s) != 3 || s.missed != 0 || s.doubled != 0 {
			t.Fatalf("in pieces of %d: %d received, %d missed, %d doubled", size, received(s), s.missed, s.doubled)
		}
	}
}

func TestWhatIsMissedOrDoubledIsCounted(t *testing.T) {
	s := newStream()
	feed(s, event(0, 0, 1)+event(0, 3, 1)+event(0, 3, 1)+event(0, 4, 1), 1000)
	if received(s) != 3 || s.missed != 2 || s.doubled != 1 {
		t.Fatalf("%d received, %d missed, %d doubled", received(s), s.missed, s.doubled)
	}
}

func TestAStreamHearsTheSeriesOfItsTopicAlone(t *testing.T) {
	o := options{subscribe: "http://x/{{topic}}", publishers: 2, topics: 3}
	s := newStreams(2, o)[1]
	if s.target != "http://x/1" {
		t.Fatal(s.target)
	}
	feed(s, event(o.series(0, 1), 0, 1)+event(o.series(1, 1), 0, 1)+event(o.series(1, 2), 0, 1), 1000)
	if received(s) != 2 || s.doubled != 1 {
		t.Fatalf("%d received, %d doubled", received(s), s.doubled)
	}
	all := sent{counts: []int64{9, 2, 9, 9, 3, 9}}
	if due := dueTo([]*stream{s}, all); due != 5 {
		t.Fatalf("%d due", due)
	}
	var result Result
	s.body, s.ended = discarded{}, make(chan struct{})
	close(s.ended)
	judge(&result, []*stream{s}, all)
	if result.Lost != 3 || result.Doubled != 1 {
		t.Fatalf("%d lost, %d doubled", result.Lost, result.Doubled)
	}
}

// discarded is a connection that is only closed.
type discarded struct{ net.Conn }

func (discarded) Close() error { return nil }

func TestAMarkWithoutNumbersIsPassedBy(t *testing.T) {
	s := newStream()
	feed(s, mark+"x"+event(0, 0, 1)+string(make([]byte, 300)), 64)
	if received(s) != 1 {
		t.Fatalf("%d received", received(s))
	}
}

func TestPercentilesAreWithinAStep(t *testing.T) {
	var h histogram
	for ms := int64(1); ms <= 1000; ms++ {
		h.add(ms * 1e6)
	}
	for share, want := range map[float64]float64{0.5: 500, 0.99: 990, 1: 1000} {
		if got := h.percentileMs(share); math.Abs(got-want) > 0.05*want {
			t.Errorf("the %v percentile of 1 to 1000 ms is %.1f ms", share, got)
		}
	}
	if got := new(histogram).percentileMs(0.99); got != 0 {
		t.Errorf("of nothing it is %v", got)
	}
}

func TestAProcessThatIsNotThereIsNotMeasuredAsNothing(t *testing.T) {
	if _, err := parsePids("4194305"); err == nil {
		t.Fatal("no error")
	}
}

func TestTheIDOfAnEventIsFoundInTheAnswerOfEachHub(t *testing.T) {
	for pattern, answer := range map[string]string{
		`"id":"([^"]+)"`:         `{"id":"1700000000000-0"}`,
		`last message id: (\S+)`: "queued messages: 1\r\nlast message id: 1700000000000-0\r\n",
		`(.+)`:                   "1700000000000-0",
	} {
		if id, err := idIn([]byte(answer), pattern); id != "1700000000000-0" {
			t.Errorf("%s: %q, %v", pattern, id, err)
		}
	}
	if id, err := idIn([]byte("{}"), `"id":"([^"]+)"`); err == nil {
		t.Errorf("of nothing it is %q", id)
	}
}
