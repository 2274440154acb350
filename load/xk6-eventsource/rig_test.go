package eventsource

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/js/modulestest"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/metrics"
)

// patience is how long a test waits for what should come at once.
const patience = 10 * time.Second

// rig runs scripts with the module on k6's own event loop.
type rig struct {
	t            *testing.T
	runtime      *modulestest.Runtime
	root         *root
	instance     *instance
	endIteration context.CancelFunc
	notes        []string
	samples      chan metrics.SampleContainer

	mu       sync.Mutex
	gathered []metrics.Sample
	done     chan struct{}
}

func newRig(t *testing.T) *rig {
	t.Helper()
	before := runtime.NumGoroutine()
	r := &rig{t: t, runtime: modulestest.NewRuntime(t), root: newRoot(), done: make(chan struct{})}
	r.samples = make(chan metrics.SampleContainer, 100)
	go r.gather()
	r.instance = r.root.NewModuleInstance(r.runtime.VU).(*instance)
	for name, value := range r.instance.Exports().Named {
		require.NoError(t, r.runtime.VU.Runtime().Set(name, value))
	}
	require.NoError(t, r.runtime.VU.Runtime().Set("note", func(text string) { r.note(text) }))
	registry := r.runtime.VU.InitEnvField.Registry
	r.runtime.MoveToVUContext(&lib.State{
		Dialer:    &net.Dialer{},
		TLSConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // a test server's certificate
		Samples:   r.samples,
		Tags:      lib.NewVUStateTags(registry.RootTagSet()),
	})
	t.Cleanup(func() {
		close(r.samples)
		<-r.done
		r.until("every goroutine to be gone", func() bool { return runtime.NumGoroutine() <= before+2 })
	})
	return r
}

func (r *rig) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, text)
}

// noted is what the script noted so far.
func (r *rig) noted() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.notes...)
}

func (r *rig) gather() {
	defer close(r.done)
	for container := range r.samples {
		if reached, is := container.(mark); is {
			close(reached)
		}
		r.mu.Lock()
		r.gathered = append(r.gathered, container.GetSamples()...)
		r.mu.Unlock()
	}
}

// mark is a place in the line of samples.
type mark chan struct{}

func (mark) GetSamples() []metrics.Sample { return nil }

// sum adds up the samples of a metric that has the tag, like "reason=fatal", or all of them.
func (r *rig) sum(metric, tag string) float64 {
	reached := make(mark)
	r.samples <- reached
	<-reached
	name, value, _ := strings.Cut(tag, "=")
	total := 0.0
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, sample := range r.gathered {
		if given, _ := sample.Tags.Get(name); sample.Metric.Name == metric && (tag == "" || given == value) {
			total += sample.Value
		}
	}
	return total
}

// run runs a script to the end of an iteration, as k6 does: the iteration's context ends with it, and then k6 waits for
// every callback that was registered.
func (r *rig) run(script string) error {
	r.t.Helper()
	ended := r.start(script)
	select {
	case err := <-ended:
		return err
	case <-time.After(2 * patience):
		stacks := make([]byte, 1<<16)
		r.t.Fatalf("the iteration does not end; noted %q\n%s", r.noted(), stacks[:runtime.Stack(stacks, true)])
		return nil
	}
}

// start is run, for a script that ends when the test has ended its iteration.
func (r *rig) start(script string) <-chan error {
	ctx, cancel := context.WithCancel(context.Background())
	r.runtime.VU.CtxField = ctx
	r.endIteration = cancel
	ended := make(chan error, 1)
	go func() {
		err := r.runtime.EventLoop.Start(func() error {
			_, err := r.runtime.VU.Runtime().RunString(script)
			return err
		})
		cancel()
		r.runtime.EventLoop.WaitOnRegistered()
		ended <- err
	}()
	return ended
}

func (r *rig) until(what string, holds func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("not within %s: %s; noted %q", patience, what, r.noted())
		}
	}
}

// lab is a server whose every connection is a function of the test's.
type lab struct {
	*httptest.Server
	mu    sync.Mutex
	calls []*http.Request
}

// stream writes pieces of a stream, each flushed by itself.
type stream struct {
	http.ResponseWriter
	request *http.Request
	number  int // of the connection, from 1
}

func (s *stream) send(pieces ...string) {
	for _, piece := range pieces {
		_, _ = fmt.Fprint(s, piece)
		s.ResponseWriter.(http.Flusher).Flush()
	}
}

// hang keeps the stream open until its reader has gone.
func (s *stream) hang() { <-s.request.Context().Done() }

// cut breaks the connection in the middle.
func (s *stream) cut() { panic(http.ErrAbortHandler) }

func serve(t *testing.T, act func(*stream)) *lab {
	t.Helper()
	return serveWith(t, func(w http.ResponseWriter, s *stream) {
		w.Header().Set("Content-Type", "text/event-stream")
		act(s)
	}, func(server *httptest.Server) { server.Start() })
}

func serveWith(t *testing.T, act func(http.ResponseWriter, *stream), start func(*httptest.Server)) *lab {
	t.Helper()
	l := &lab{}
	l.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		l.mu.Lock()
		l.calls = append(l.calls, request)
		number := len(l.calls)
		l.mu.Unlock()
		act(w, &stream{ResponseWriter: w, request: request, number: number})
	}))
	start(l.Server)
	t.Cleanup(func() {
		l.CloseClientConnections()
		l.Close()
	})
	return l
}

// call is the n-th request that came, from 1.
func (l *lab) call(n int) *http.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls[n-1]
}

func (l *lab) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.calls)
}

// script puts the server's address in the place of URL.
func (l *lab) script(text string) string {
	return strings.ReplaceAll(text, "URL", fmt.Sprintf("%q", l.URL))
}

// refusingDialer fails a number of times, as a server that is not there yet.
type refusingDialer struct {
	dialer lib.DialContexter
	times  int
}

func (d *refusingDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if d.times > 0 {
		d.times--
		return nil, errors.New("stopped by the test")
	}
	return d.dialer.DialContext(ctx, network, address)
}

// queueOf is the queue of the iteration that runs. On the loop only.
func (r *rig) queueOf() *queue {
	if r.instance.iteration == nil {
		return nil
	}
	return r.instance.iteration.queue
}
