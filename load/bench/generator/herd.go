package main

import (
	"context"
	"fmt"
	"regexp"
	"time"
)

// behindRate is how many events a second are published while the herd is away.
const behindRate = 50

// staysOf: of so many streams that are cut, one more stays.
const staysOf = 25

// runHerd cuts all of its streams but a few, publishes `behind` events, and lets all return in the same moment, each after
// the last event that it had, while publishing goes on. It measures how long they take to have what they missed, and what
// the streams that stayed notice of it.
func runHerd(o options) (Result, error) {
	herd, others := newStreams(o.streams, o), newStreams(max(1, o.streams/staysOf), o)
	all := append(append([]*stream{}, herd...), others...)
	if err := openAll(all, o, "", dialsAtOnce); err != nil {
		return Result{}, err
	}
	// All have the first event: its id is where the herd continues.
	one := publisher{options: o, client: newClient(1), counts: make([]int64, 1)}
	answer, err := one.publish()
	if err != nil {
		return Result{}, err
	}
	firstID, err := idIn(answer, o.id)
	if err != nil {
		return Result{}, err
	}
	awaitReceived(int64(len(all)))
	cut(herd)
	if err := one.publishAtPace(context.Background(), newPace(behindRate, 0, 1), o.behind); err != nil {
		return Result{}, err
	}
	missed := one.counts[0]
	awaitReceived(int64(len(all) + o.behind*len(others)))

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	published := make(chan error)
	measuring.Store(true)
	go func() { published <- one.publishAtPace(ctx, newPace(o.rate, 0, 1), 0) }()
	if err := openAll(herd, o, firstID, len(herd)); err != nil {
		return Result{}, err
	}
	for deadline := time.Now().Add(lastWait); !haveAll(herd, missed) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	caughtUp := time.Since(lastReturn(herd))
	measuring.Store(false)
	stop()
	if err := <-published; err != nil {
		return Result{}, err
	}
	awaitReceived(one.counts[0] * int64(len(all)))

	result := Result{CaughtUpSeconds: caughtUp.Seconds()}
	judge(&result, all, sent{counts: one.counts})
	result.setLatencies(others)
	return result, nil
}

// idIn is what the group of the pattern finds in the answer to a publish.
func idIn(answer []byte, pattern string) (string, error) {
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return "", err
	}
	found := expression.FindSubmatch(answer)
	if len(found) < 2 {
		return "", fmt.Errorf("the answer to a publish has no id: %q", answer)
	}
	return string(found[1]), nil
}

func haveAll(streams []*stream, count int64) bool {
	for _, one := range streams {
		if one.next[0].Load() < count {
			return false
		}
	}
	return true
}

// lastReturn is when the last request was sent. With all dials at once the kernel's queue may be full, and whoever finds it
// so tries again after a second: that is no time of the server.
func lastReturn(streams []*stream) time.Time {
	var last time.Time
	for _, one := range streams {
		if one.requestedAt.After(last) {
			last = one.requestedAt
		}
	}
	return last
}
