package eventsource

import (
	"context"
	"sync"
)

// waitingMax bounds the events that wait for the event loop of one virtual user, while at most as many are being handled.
// Past it the readers wait, and TCP pushes back to the server; without it slow handlers would eat memory.
const waitingMax = 2500

// Where the queue's one callback is. k6 ends an iteration when no callback is registered, and hangs while one is never
// called: so exactly one is registered while streams are open, whoever opens and closes them in between.
type callbackState int

const (
	callbackNone    callbackState = iota
	callbackArmed                 // registered, to be called when there is something to do
	callbackCalled                // the loop will drain
	callbackRunning               // the loop drains
)

// queue brings what readers find to the event loop of a virtual user, for one iteration.
type queue struct {
	ctx      context.Context // of the iteration: every stream ends with it
	cancel   context.CancelFunc
	register func() func(func() error) // on the loop only
	onEmpty  func()                    // no stream is left, before k6 may end the iteration; from any goroutine

	mu      sync.Mutex
	changed sync.Cond
	state   callbackState
	call    func(func() error)
	tasks   []func() error
	streams int // streams whose leave() has not finished, plus hold() calls
	running int // streams that have joined and whose leave() has not begun
}

func newQueue(ctx context.Context, register func() func(func() error), onEmpty func()) *queue {
	q := &queue{register: register, onEmpty: onEmpty}
	q.ctx, q.cancel = context.WithCancel(ctx)
	q.changed.L = &q.mu
	context.AfterFunc(q.ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.changed.Broadcast()
	})
	return q
}

// join adds a stream and runs `start` in another turn of the loop, when the script has set its handlers. On the loop only.
func (q *queue) join(start func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.streams++
	q.running++
	// Inside a handler the callback is running, and is registered again afterwards: a second one would never be called.
	if q.state == callbackNone {
		q.arm()
	}
	q.add(func() error {
		start()
		return nil
	})
}

// leave removes a stream. Called once for each join, when nothing of the stream runs any more.
func (q *queue) leave() {
	q.mu.Lock()
	q.running--
	last := q.running == 0
	q.mu.Unlock()
	if last {
		q.onEmpty() // k6 may not end the iteration before
	}
	q.release()
}

// hold keeps the iteration from ending, if streams are open, until release.
func (q *queue) hold() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.streams == 0 {
		return false
	}
	q.streams++
	return true
}

func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.streams--
	q.changed.Broadcast()
	if q.streams == 0 {
		q.wake()
	}
}

// post runs a task on the loop. It waits while too many do, unless the iteration is over.
func (q *queue) post(task func() error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.tasks) >= waitingMax && q.ctx.Err() == nil {
		q.changed.Wait()
	}
	if q.ctx.Err() == nil {
		q.add(task)
	}
}

func (q *queue) add(task func() error) {
	q.tasks = append(q.tasks, task)
	q.wake()
}

func (q *queue) arm() {
	q.call = q.register()
	q.state = callbackArmed
}

func (q *queue) wake() {
	if q.state == callbackArmed {
		q.state = callbackCalled
		q.call(q.drain)
	}
}

// drain runs on the loop.
func (q *queue) drain() error {
	q.mu.Lock()
	q.state = callbackRunning
	tasks := q.tasks
	q.tasks = nil
	q.changed.Broadcast()
	q.mu.Unlock()

	for _, task := range tasks {
		if err := task(); err != nil {
			q.abandon()
			return err
		}
	}

	q.mu.Lock()
	defer q.mu.Unlock()
	q.state = callbackNone
	if q.streams > 0 || len(q.tasks) > 0 {
		q.arm()
	}
	if len(q.tasks) > 0 {
		q.wake()
	}
	return nil
}

// abandon ends every stream, because the iteration is about to end with an error and nothing may be left behind.
func (q *queue) abandon() {
	q.cancel()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.state = callbackNone
	for q.streams > 0 {
		q.changed.Wait()
	}
	q.mu.Unlock()
	q.onEmpty() // what the failure itself has counted
	q.mu.Lock()
}
