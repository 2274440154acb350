package eventsource

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/metrics"
)

// [spec] EventSource.readyState.
const (
	connecting int32 = 0
	open       int32 = 1
	closed     int32 = 2
)

// retryDefault is the reconnection time until the server says another: the standard leaves it to us, "a few seconds".
const retryDefault = 3 * time.Second

// source is one EventSource. Its JavaScript side runs on the event loop, its connection in a goroutine of its own.
type source struct {
	m         *instance
	iteration *iteration
	options   sourceOptions
	tags      *metrics.TagSet
	page      *streamLedger // of options.ledger
	listeners listeners

	ctx        context.Context
	stop       context.CancelFunc
	begin      chan struct{} // closed when the script has set its handlers
	byScript   atomic.Bool   // the script has called close()
	readyState atomic.Int32
	reason     atomic.Pointer[string] // why it was closed, as the metric's tag says it

	// The goroutine's own.
	retry       time.Duration
	lastEventID string
	opened      bool
}

func (m *instance) eventSourceClass() *sobek.Object {
	rt := m.vu.Runtime()
	class, prototype := m.class(m.newSource)
	for name, value := range map[string]int32{"CONNECTING": connecting, "OPEN": open, "CLOSED": closed} {
		must(rt, class.Set(name, value))
		must(rt, prototype.Set(name, value))
	}
	property(m, prototype, "url", func(s *source) any { return s.options.url.String() }, nil)
	property(m, prototype, "readyState", func(s *source) any { return s.readyState.Load() }, nil)
	for _, typ := range []string{"open", "message", "error"} {
		property(m, prototype, "on"+typ,
			func(s *source) any { return s.listeners.attribute(typ) },
			func(s *source, value sobek.Value) { s.listeners.setAttribute(typ, value) })
	}
	method(m, prototype, "addEventListener", func(s *source, call sobek.FunctionCall) sobek.Value {
		return s.listeners.add(rt, call)
	})
	method(m, prototype, "removeEventListener", func(s *source, call sobek.FunctionCall) sobek.Value {
		return s.listeners.remove(call)
	})
	method(m, prototype, "close", func(s *source, _ sobek.FunctionCall) sobek.Value {
		s.byScript.Store(true)
		s.close("script")
		return sobek.Undefined()
	})
	return class
}

func (m *instance) newSource(call sobek.ConstructorCall) any {
	rt, state := m.vu.Runtime(), m.vu.State()
	if state == nil {
		common.Throw(rt, errors.New("EventSource: streams cannot be opened in the init context: do it in a scenario's function"))
	}
	options, err := m.readSourceOptions(call)
	must(rt, err)
	iteration := m.iterationNow()
	tags := state.Tags.GetCurrentValues().Tags.With("url", options.url.String())
	if options.ledger != nil {
		tags = tags.With("ledger", options.ledger.name)
	}
	s := &source{m: m, iteration: iteration, options: options, tags: tags.WithTagsFromMap(options.tags)}
	s.begin = make(chan struct{})
	s.retry, s.lastEventID = retryDefault, options.lastEventID
	s.listeners.this = call.This
	if options.ledger != nil {
		s.page, err = options.ledger.join()
		must(rt, err)
	}
	s.ctx, s.stop = context.WithCancel(iteration.queue.ctx)
	iteration.queue.join(func() { close(s.begin) })
	go s.run()
	return s
}

// close is for good. The goroutine ends soon after. Safe for any goroutine; the first reason holds.
func (s *source) close(reason string) {
	s.reason.CompareAndSwap(nil, &reason)
	s.readyState.Store(closed)
	s.stop()
}

// run connects again and again, until the stream is closed or fails for good.
func (s *source) run() {
	defer s.left()
	select {
	case <-s.begin:
	case <-s.ctx.Done(): // before its turn came: a handler has thrown, or the stream was closed at once
		return
	}
	for {
		err := s.connect()
		if s.ctx.Err() != nil {
			return
		}
		var fatal *fatalError
		if errors.As(err, &fatal) {
			s.close("fatal")
			s.fail(err)
			return
		}
		// [spec] Reestablish the connection: state, event, time to wait.
		if !s.readyState.CompareAndSwap(open, connecting) && s.readyState.Load() == closed {
			return
		}
		s.fail(err)
		select {
		case <-s.ctx.Done():
			return
		case <-time.After(s.retry):
		}
		s.count(s.m.metrics.reconnects, 1)
	}
}

// left puts away what the stream leaves behind.
func (s *source) left() {
	s.close("iteration")
	s.recorder().count(s.m.metrics.closed, s.tags.With("reason", *s.reason.Load()), 1)
	s.iteration.queue.leave()
}

func (s *source) recorder() *recorder { return s.iteration.recorder }

func (s *source) count(metric *metrics.Metric, n int) { s.recorder().count(metric, s.tags, n) }

// fail tells the script that the connection is gone, and why.
func (s *source) fail(err error) {
	event := &sourceEvent{Type: "error", Message: err.Error(), ReceivedAtMs: milliseconds(time.Now())}
	var fatal *fatalError
	if errors.As(err, &fatal) {
		event.Status = fatal.status
	}
	s.dispatch(event)
}

// dispatch runs the script's handlers in another turn of the loop; where nobody listens it costs none.
func (s *source) dispatch(event *sourceEvent) {
	if !s.listeners.wants(event.Type) {
		return
	}
	s.iteration.queue.post(func() error {
		// [spec] What was queued before close() is not dispatched after it.
		if s.byScript.Load() {
			return nil
		}
		return s.handle(event)
	})
}

func (s *source) handle(event *sourceEvent) error {
	err := s.listeners.call(s.m.vu.Runtime(), event)
	var interrupted *sobek.InterruptedError
	if err != nil && !errors.As(err, &interrupted) {
		s.count(s.m.metrics.handlerErrors, 1)
	}
	return err
}
