package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// mark stands before `series:sequence:sentNs:` in an event's data. It ends in none of the characters that JSON escapes.
const mark = "@bench:"

// patience is how long a server may take with each step until a stream's first bytes.
const patience = 20 * time.Second

// dialsAtOnce is how many streams are opened at a time, where no herd is wanted.
const dialsAtOnce = 50

// stream is one open stream, read by a goroutine of its own. What it counts is read when that has ended: see cut.
type stream struct {
	target      string
	topic       int // of so many `topics`
	topics      int
	source      net.IP
	body        io.ReadCloser // the connection, over HTTP/1.1
	ended       chan struct{}
	requestedAt time.Time
	next        []atomic.Int64 // by series: the sequence that comes next
	doubled     int64
	missed      int64
	cutting     atomic.Bool
	closed      bool      // by the server
	latencies   histogram // of what came while `measuring`
}

var (
	measuring     atomic.Bool
	receivedByAll atomic.Int64
)

// newStreams makes streams that openAll opens. They take turns over the URLs, and over source addresses, as one has 28,000 ports.
func newStreams(count int, o options) []*stream {
	targets := strings.Split(o.subscribe, ",")
	streams := make([]*stream, count)
	for index := range streams {
		topic := index % max(1, o.topics)
		streams[index] = &stream{
			target: ofTopic(targets[index%len(targets)], topic),
			topic:  topic,
			topics: max(1, o.topics),
			source: net.IPv4(127, 0, 0, byte(1+index%sources)),
			next:   make([]atomic.Int64, o.allSeries()),
		}
	}
	return streams
}

const sources = 8

// openAll opens streams, so many at once, and returns when all are open. `lastID` is where they continue, if it is not "".
func openAll(streams []*stream, o options, lastID string, atOnce int) error {
	slots := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	var failure atomic.Value
	for _, one := range streams {
		slots <- struct{}{}
		group.Add(1)
		go func() {
			defer func() { <-slots; group.Done() }()
			if err := one.open(o, lastID); err != nil {
				failure.Store(err)
			}
		}()
	}
	group.Wait()
	if err, failed := failure.Load().(error); failed {
		return fmt.Errorf("a stream did not open: %w", err)
	}
	return nil
}

// open returns when the first bytes of the body are there, and goes on reading in the background.
func (s *stream) open(o options, lastID string) error {
	target, err := url.Parse(s.target)
	if err != nil {
		return err
	}
	if o.http2 {
		return s.openHTTP2(o, lastID)
	}
	socket, err := s.dialer(target.Hostname()).Dial("tcp", target.Host)
	if err != nil {
		return err
	}
	if target.Scheme == "https" {
		socket = tls.Client(socket, anyCertificate)
	}
	request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n", target.RequestURI(), target.Host)
	if o.header != "" {
		request += o.header + "\r\n"
	}
	if lastID != "" {
		request += "Last-Event-ID: " + lastID + "\r\n"
	}
	if _, err := socket.Write([]byte(request + "\r\n")); err != nil {
		return err
	}
	s.requestedAt = time.Now()
	_ = socket.SetReadDeadline(time.Now().Add(patience))
	buffer := make([]byte, 8192)
	length := 0
	for {
		count, err := socket.Read(buffer[length:])
		if err != nil {
			return fmt.Errorf("after %q: %w", buffer[:length], err)
		}
		length += count
		if _, body, found := bytes.Cut(buffer[:length], []byte("\r\n\r\n")); found && len(body) > 0 {
			if !bytes.HasPrefix(buffer, []byte("HTTP/1.1 200")) {
				return fmt.Errorf("the answer was %q", bytes.SplitN(buffer, []byte("\r\n"), 2)[0])
			}
			_ = socket.SetReadDeadline(time.Time{})
			s.goOn(socket, buffer, body)
			return nil
		}
	}
}

// openHTTP2 is open over TLS and HTTP/2. Go's own client reads it: so it costs the generator more.
func (s *stream) openHTTP2(o options, lastID string) error {
	request, err := http.NewRequest(http.MethodGet, s.target, nil)
	if err != nil {
		return err
	}
	if name, value, found := strings.Cut(o.header, ": "); found {
		request.Header.Set(name, value)
	}
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	transport := &http.Transport{
		DialContext:           s.dialer(request.URL.Hostname()).DialContext,
		TLSClientConfig:       anyCertificate.Clone(),
		ForceAttemptHTTP2:     true,
		ResponseHeaderTimeout: patience,
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	if answer.ProtoMajor != 2 || answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer was %s %s", answer.Proto, answer.Status)
	}
	s.requestedAt = time.Now()
	buffer := make([]byte, 8192)
	late := time.AfterFunc(patience, func() { _ = answer.Body.Close() })
	length, err := answer.Body.Read(buffer)
	if !late.Stop() || err != nil {
		return fmt.Errorf("no first bytes: %v", err)
	}
	s.goOn(&http2Body{answer.Body, transport}, buffer, buffer[:length])
	return nil
}

// http2Body is a body that has its connection for itself, and ends with it.
type http2Body struct {
	io.ReadCloser
	transport *http.Transport
}

func (b *http2Body) Close() error {
	err := b.ReadCloser.Close()
	b.transport.CloseIdleConnections()
	return err
}

// anyCertificate: the server is on this machine, and was made for this run.
var anyCertificate = &tls.Config{InsecureSkipVerify: true}

func (s *stream) dialer(host string) *net.Dialer {
	dialer := &net.Dialer{Timeout: patience}
	if net.ParseIP(host).IsLoopback() {
		dialer.LocalAddr = &net.TCPAddr{IP: s.source}
	}
	return dialer
}

// goOn reads what follows in the background.
func (s *stream) goOn(body io.ReadCloser, buffer, first []byte) {
	s.body, s.ended = body, make(chan struct{})
	s.cutting.Store(false)
	go s.read(buffer, s.take(first, time.Now().UnixNano()))
}

// read looks for marks in whatever arrives, wherever a read ends. Chunks and lines need no parsing for that, and a parser would
// take the processor time that is to be measured: so the generator has none, and cannot tell a malformed stream. `buffer` is
// small, as thousands are open; what does not fit comes with the next read.
func (s *stream) read(buffer, rest []byte) {
	defer close(s.ended)
	for {
		kept := copy(buffer, rest)
		count, err := s.body.Read(buffer[kept:])
		if err != nil {
			s.closed = !s.cutting.Load()
			return
		}
		rest = s.take(buffer[:kept+count], time.Now().UnixNano())
	}
}

// cut closes streams from this side, and returns when nothing reads them any more.
func cut(streams []*stream) {
	for _, one := range streams {
		one.cutting.Store(true)
		_ = one.body.Close()
		<-one.ended
	}
}

// take counts the events in a text, and returns the end that may hold the beginning of one.
func (s *stream) take(text []byte, now int64) []byte {
	for {
		at := bytes.Index(text, []byte(mark))
		if at < 0 {
			return text[max(0, len(text)-len(mark)+1):]
		}
		numbers, rest, whole := readNumbers(text[at+len(mark):])
		if !whole {
			// What else has the mark's letters is passed by; the numbers of an event never take as much as this.
			if len(text)-at > 200 {
				text = text[at+len(mark):]
				continue
			}
			return text[at:]
		}
		s.count(numbers, now)
		text = rest
	}
}

// hears says whether the series is of its topic.
func (s *stream) hears(series int) bool {
	return series%s.topics == s.topic
}

func (s *stream) count(numbers [3]int64, now int64) {
	series, sequence, sentNs := numbers[0], numbers[1], numbers[2]
	if series >= int64(len(s.next)) {
		return
	}
	// What it did not ask for is one too many, too.
	if !s.hears(int(series)) {
		s.doubled++
		return
	}
	switch next := s.next[series].Load(); {
	case sequence < next:
		s.doubled++
		return
	case sequence > next:
		s.missed += sequence - next
	}
	s.next[series].Store(sequence + 1)
	if measuring.Load() {
		s.latencies.add(now - sentNs)
	}
	receivedByAll.Add(1)
}

// readNumbers reads `a:b:c:`. Not whole: the text ends within them, or they are none.
func readNumbers(text []byte) (numbers [3]int64, rest []byte, whole bool) {
	at := 0
	for index := range numbers {
		for ; at < len(text) && text[at] >= '0' && text[at] <= '9'; at++ {
			numbers[index] = numbers[index]*10 + int64(text[at]-'0')
		}
		if at >= len(text) || text[at] != ':' {
			return numbers, text, false
		}
		at++
	}
	return numbers, text[at:], true
}
