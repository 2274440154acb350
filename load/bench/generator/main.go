// The generator opens streams on a server, publishes, and says what came: deliveries, loss, latency, and what the server's
// processes cost in time and memory. It prints one line of JSON. It runs on the machine of the server, beside it.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"os"
	"time"
)

type options struct {
	subscribe  string
	publish    string
	streams    int
	rate       float64
	publishers int
	topics     int
	seconds    float64
	padding    int
	behind     int
	pids       string
	header     string
	body       string
	media      string
	id         string
	used       bool
	http2      bool
}

// Result is what a run came to. Times are in the unit of the name; CPU and memory are of the processes `pids` and all
// their descendants. CaughtUpSeconds is the herd's, whose run measures no CPU and no memory.
type Result struct {
	KibPerStream    float64 `json:"kibPerStream"`
	Refused         int64   `json:"refused"`
	Lost            int64   `json:"lost"`
	Doubled         int64   `json:"doubled"`
	Closed          int64   `json:"closed"`
	PerSecond       float64 `json:"perSecond"`
	UsPerDelivery   float64 `json:"usPerDelivery"`
	Cores           float64 `json:"cores"`
	P50Ms           float64 `json:"p50Ms"`
	P99Ms           float64 `json:"p99Ms"`
	CaughtUpSeconds float64 `json:"caughtUpSeconds"`
}

func main() {
	var o options
	flag.StringVar(&o.subscribe, "subscribe", "", "URL of the stream; streams take turns over several, with commas")
	flag.StringVar(&o.publish, "publish", "", "URL that takes a publish")
	flag.IntVar(&o.streams, "streams", 1000, "streams to open")
	flag.Float64Var(&o.rate, "rate", 50, "events a second over all publishers; 0: as fast as they are acknowledged")
	flag.IntVar(&o.publishers, "publishers", 1, "publishers, each with one publish on the way")
	flag.IntVar(&o.topics, "topics", 1, "streams and events take turns over so many; {{topic}} in both URLs and in the body is its number")
	flag.Float64Var(&o.seconds, "seconds", 8, "how long it publishes; with -publishers 0, how long it is quiet")
	flag.IntVar(&o.padding, "padding", 60, "bytes added to each event")
	flag.IntVar(&o.behind, "behind", 0, "cut all streams, and let them return this many events behind: see herd.go")
	flag.StringVar(&o.body, "body", `{"topic":"bench","data":"{{data}}"}`, "the body of a publish")
	flag.StringVar(&o.media, "media", "application/json", "the Content-Type of a publish")
	flag.StringVar(&o.id, "id", `"id":"([^"]+)"`, "where the answer to a publish has the event's id, as a regular expression")
	flag.BoolVar(&o.used, "used", false, "as many streams have come and gone before")
	flag.BoolVar(&o.http2, "http2", false, "streams speak HTTP/2, each on a connection of its own; https alone. Certificates are not checked")
	flag.StringVar(&o.header, "header", "", "a header of every stream and publish, as \"Name: value\"")
	flag.StringVar(&o.pids, "pids", "", "the server's processes, with commas; their descendants count, too")
	flag.Parse()
	run := runLoad
	if o.behind > 0 {
		run = runHerd
	}
	result, err := run(o)
	if err != nil {
		log.Fatal(err)
	}
	_ = json.NewEncoder(os.Stdout).Encode(result)
}

// settle is how long a server gets to put away what opening streams left behind.
const settle = time.Second

func runLoad(o options) (Result, error) {
	roots, err := parsePids(o.pids)
	if err != nil {
		return Result{}, err
	}
	if o.used {
		earlier := newStreams(o.streams, o)
		if err := openAll(earlier, o, "", dialsAtOnce); err != nil {
			return Result{}, err
		}
		cut(earlier)
		time.Sleep(settle)
	}
	// What the first streams of a server's life cost is mostly code that is loaded and compiled for them.
	streams := newStreams(o.streams, o)
	first := streams[:o.streams/10]
	if err := openAll(first, o, "", dialsAtOnce); err != nil {
		return Result{}, err
	}
	time.Sleep(settle)
	before := readUsage(roots)
	if err := openAll(streams[len(first):], o, "", dialsAtOnce); err != nil {
		return Result{}, err
	}
	time.Sleep(settle)
	open := readUsage(roots)

	measuring.Store(true)
	started := time.Now()
	sent, err := publishAll(o)
	if err != nil {
		return Result{}, err
	}
	awaitReceived(dueTo(streams, sent))
	lasted := time.Since(started)
	after := readUsage(roots)

	received := receivedByAll.Load()
	result := Result{
		KibPerStream: float64(open.kib-before.kib) / float64(len(streams)-len(first)),
		Refused:      sent.refused,
		PerSecond:    float64(received) / lasted.Seconds(),
		Cores:        (after.cpu - open.cpu).Seconds() / lasted.Seconds(),
	}
	if received > 0 {
		result.UsPerDelivery = float64((after.cpu - open.cpu).Microseconds()) / float64(received)
	}
	judge(&result, streams, sent)
	result.setLatencies(streams)
	return result, nil
}
