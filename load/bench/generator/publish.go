package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// sent is what was acknowledged in each series: a publisher numbers its events of a topic from 0, and repeats none.
type sent struct {
	counts  []int64
	refused int64
}

// series is the number of a publisher's events of a topic among all series.
func (o options) series(publisher, topic int) int {
	return publisher*max(1, o.topics) + topic
}

// allSeries is how many there are.
func (o options) allSeries() int {
	return o.series(max(1, o.publishers), 0)
}

func (s sent) acknowledged() int64 {
	var sum int64
	for _, count := range s.counts {
		sum += count
	}
	return sum
}

// publishAll returns when the time is over and every publisher has its last answer. Fails if none of them got an event taken:
// what costs nothing because it did nothing must not look cheap.
func publishAll(o options) (sent, error) {
	duration := time.Duration(o.seconds * float64(time.Second))
	all := sent{counts: make([]int64, o.allSeries())}
	if o.publishers == 0 {
		time.Sleep(duration)
		return all, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), duration)
	defer cancel()
	client := newClient(o.publishers)
	var group sync.WaitGroup
	refusals := make(chan error, o.publishers)
	for number := range o.publishers {
		group.Add(1)
		go func() {
			defer group.Done()
			one := publisher{options: o, client: client, number: number, turn: number, counts: all.counts}
			if err := one.publishAtPace(ctx, newPace(o.rate/float64(o.publishers), number, o.publishers), 0); err != nil {
				refusals <- err
			}
		}()
	}
	group.Wait()
	close(refusals)
	all.refused = int64(len(refusals))
	if all.acknowledged() == 0 {
		return sent{}, fmt.Errorf("nothing was taken: %w", <-refusals)
	}
	return all, nil
}

func newClient(connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, TLSClientConfig: anyCertificate}, Timeout: 10 * time.Second}
}

// publisher has one publish on the way at a time.
type publisher struct {
	options
	client *http.Client
	number int
	turn   int     // whose remainder is the next event's topic
	counts []int64 // of all series; it adds to its own alone
}

// publishAtPace publishes `count` events, or with 0 until the context ends. It stops at the first that is refused.
func (p *publisher) publishAtPace(ctx context.Context, pace *pace, count int) error {
	for done := 0; (count == 0 || done < count) && pace.next(ctx); done++ {
		if _, err := p.publish(); err != nil {
			return err
		}
	}
	return nil
}

// publish returns the body of the answer.
func (p *publisher) publish() ([]byte, error) {
	topic := p.turn % max(1, p.topics)
	series := p.series(p.number, topic)
	data := fmt.Sprintf("%s%d:%d:%d:%s", mark, series, p.counts[series], time.Now().UnixNano(), strings.Repeat("x", p.padding))
	body := strings.Replace(ofTopic(p.body, topic), "{{data}}", data, 1)
	request, err := http.NewRequest(http.MethodPost, ofTopic(p.options.publish, topic), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", p.media)
	if name, value, found := strings.Cut(p.header, ": "); found {
		request.Header.Set(name, value)
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 != 2 {
		return nil, fmt.Errorf("the publish was answered %d: %s", answer.StatusCode, text)
	}
	p.counts[series]++
	p.turn++
	return text, nil
}

func ofTopic(text string, topic int) string {
	return strings.Replace(text, "{{topic}}", strconv.Itoa(topic), 1)
}

// pace says when the next event is due. A publisher that is late does not catch up: less is published, and told.
type pace struct {
	interval time.Duration
	due      time.Time
}

// newPace spreads the publishers `index` of `of` over the interval. Rate 0: at once.
func newPace(rate float64, index, of int) *pace {
	if rate == 0 {
		return &pace{}
	}
	interval := time.Duration(float64(time.Second) / rate)
	return &pace{interval: interval, due: time.Now().Add(interval * time.Duration(index) / time.Duration(of))}
}

// next waits until the next event is due. False: the context ended first.
func (p *pace) next(ctx context.Context) bool {
	if p.interval == 0 {
		return ctx.Err() == nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Until(p.due)):
	}
	p.due = p.due.Add(p.interval)
	if time.Since(p.due) > 0 {
		p.due = time.Now()
	}
	return true
}
