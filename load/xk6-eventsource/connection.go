package eventsource

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"go.k6.io/k6/v2/lib"
)

const (
	// headersWithin bounds a connection that is accepted and never answered: after it counts as a network error.
	headersWithin = 60 * time.Second
	// handshakeWithin bounds a connection that is accepted and then says nothing of TLS.
	handshakeWithin = 15 * time.Second
	// [fetch] A 21st redirect is a network error.
	redirectsMax = 20
	// readBytes is the most that one read takes. An idle stream holds this much.
	readBytes = 1024
)

// fatalError ends an EventSource for good.
type fatalError struct {
	status int
	text   string
}

func (e *fatalError) Error() string { return e.text }

var errRedirects = errors.New("more than 20 redirects")

// errEnded is a stream that ended as HTTP wants it, and is opened again.
var errEnded = errors.New("the server ended the stream")

// newClient makes what all streams of one virtual user connect with: k6's own dialer and TLS settings. Over plain HTTP/1.1
// each stream has a connection of its own; over TLS with HTTP/2 they share one.
func newClient(state *lib.State) (client *http.Client, closeIdle func()) {
	transport := &http.Transport{
		DialContext:           state.Dialer.DialContext,
		TLSClientConfig:       state.TLSConfig.Clone(), // net/http writes into it
		TLSHandshakeTimeout:   handshakeWithin,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // a compressor on the way would hold events back, and hide that it does
		MaxIdleConnsPerHost:   -1,   // the connection of a stream that has ended has no use
		ResponseHeaderTimeout: headersWithin,
	}
	client = &http.Client{
		Transport: roundTripper(func(request *http.Request) (*http.Response, error) {
			if request.URL.Scheme == "http" {
				return direct{state.Dialer}.RoundTrip(request)
			}
			return transport.RoundTrip(request)
		}),
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > redirectsMax {
				return errRedirects
			}
			return nil
		},
	}
	return client, transport.CloseIdleConnections
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

// connect opens one connection and reads it to its end. It always gives an error: a *fatalError if the stream may not be
// opened again.
func (s *source) connect() error {
	request, err := s.request()
	if err != nil {
		return &fatalError{text: err.Error()}
	}
	begun := time.Now()
	response, err := s.iteration.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	s.recorder().trend(s.m.metrics.connecting, s.tags, sinceMs(begun))
	if err := judge(response); err != nil {
		return err
	}
	return s.read(response)
}

func (s *source) request() (*http.Request, error) {
	request, err := http.NewRequestWithContext(s.ctx, http.MethodGet, s.options.url.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header = s.options.headers.Clone()
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Cache-Control", "no-store")
	if s.lastEventID != "" {
		request.Header.Set("Last-Event-ID", s.lastEventID)
	}
	return request, nil
}

// [spec] Any other status than 200 and any other type fail the connection for good; 204 is how a server says so on purpose.
func judge(response *http.Response) error {
	if response.StatusCode != http.StatusOK {
		return &fatalError{response.StatusCode, fmt.Sprintf("the server answered %s, not 200", response.Status)}
	}
	given := response.Header.Get("Content-Type")
	if typ, _, err := mime.ParseMediaType(given); (err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter)) || typ != "text/event-stream" {
		return &fatalError{response.StatusCode, fmt.Sprintf("the server's Content-Type is %q, not text/event-stream", given)}
	}
	return nil
}

// read is the life of an open connection.
func (s *source) read(response *http.Response) error {
	openedAt := time.Now()
	if !s.readyState.CompareAndSwap(connecting, open) {
		return errEnded // closed meanwhile
	}
	s.m.root.streams.Add(1)
	defer s.m.root.streams.Add(-1)
	r := &reader{source: s, origin: originOf(response.Request.URL)}
	r.parser = newParser(r, s.lastEventID)
	if !s.opened {
		s.opened = true
		s.count(s.m.metrics.opened, 1)
	}
	if ledger := s.options.ledger; ledger != nil {
		ledger.opened(s.page, milliseconds(openedAt))
	}
	s.dispatch(&sourceEvent{Type: "open", Origin: r.origin, ReceivedAtMs: milliseconds(openedAt)})
	err := r.readAll(response.Body)
	s.ended(err, sinceMs(openedAt))
	return err
}

// ended keeps the books of a connection that is over.
func (s *source) ended(err error, openMs float64) {
	byUs := s.ctx.Err() != nil
	s.recorder().trend(s.m.metrics.duration, s.tags, openMs)
	if !byUs {
		how := "cut"
		if errors.Is(err, errEnded) {
			how = "end"
		}
		s.recorder().count(s.m.metrics.cut, s.tags.With("how", how), 1)
	}
	if ledger := s.options.ledger; ledger != nil {
		ledger.ended(s.page, openMs, byUs)
	}
}

// reader turns the bytes of one connection into events.
type reader struct {
	source *source
	parser *parser
	origin string
	// Of the read that is being parsed.
	receivedAtMs             float64
	events, heartbeats, gaps int
	latencies                []float64
}

func (r *reader) readAll(body io.Reader) error {
	buffer := make([]byte, readBytes)
	for {
		n, err := body.Read(buffer)
		r.receivedAtMs = milliseconds(time.Now())
		if tooLarge := r.parser.feed(buffer[:n]); tooLarge != nil {
			return &fatalError{http.StatusOK, tooLarge.Error()}
		}
		r.keepBooks()
		switch {
		case errors.Is(err, io.EOF):
			return errEnded
		case err != nil:
			return err
		}
	}
}

// keepBooks counts once for each read, not once for each event.
func (r *reader) keepBooks() {
	s := r.source
	s.count(s.m.metrics.events, r.events)
	s.count(s.m.metrics.heartbeats, r.heartbeats)
	s.count(s.m.metrics.gaps, r.gaps)
	if len(r.latencies) > 0 {
		s.recorder().trend(s.m.metrics.latency, s.tags, r.latencies...)
	}
	r.events, r.heartbeats, r.gaps, r.latencies = 0, 0, 0, r.latencies[:0]
	if last := r.parser.lastID; string(last) != s.lastEventID {
		s.lastEventID = string(last)
	}
}

// event takes a finished frame. The types of the lab's server are counted apart from the publishers' events.
func (r *reader) event(f frame) {
	s := r.source
	ledger := s.options.ledger
	switch string(f.typ) {
	case "hello":
		if ledger != nil {
			ledger.hello(s.page, f.data)
		}
	case "heartbeat":
		r.heartbeats++
	case "gap":
		r.gaps++
		if ledger != nil {
			ledger.gap()
		}
	default:
		r.events++
		if ledger != nil {
			if latency, ok := ledger.enter(s.page, f.data, r.receivedAtMs); ok {
				r.latencies = append(r.latencies, latency)
			}
		}
	}
	// The text is copied only for a script that listens.
	if s.listeners.wants(string(f.typ)) {
		s.dispatch(&sourceEvent{
			Type: string(f.typ), Data: string(f.data), LastEventID: string(f.id), Origin: r.origin, ReceivedAtMs: r.receivedAtMs,
		})
	}
}

// comment is a sign of life like a heartbeat.
func (r *reader) comment() { r.heartbeats++ }

func (r *reader) retry(ms int) { r.source.retry = time.Duration(ms) * time.Millisecond }

func originOf(address *url.URL) string { return address.Scheme + "://" + address.Host }

func sinceMs(at time.Time) float64 { return float64(time.Since(at).Microseconds()) / 1000 }

var _ sink = (*reader)(nil)
