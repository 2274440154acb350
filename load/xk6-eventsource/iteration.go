package eventsource

import (
	"context"
	"net/http"
	"time"

	"go.k6.io/k6/v2/metrics"
)

// iteration is what the streams of one iteration of one virtual user have in common. Its end is theirs.
type iteration struct {
	ctx      context.Context // as k6 gave it
	queue    *queue
	recorder *recorder
	client   *http.Client
}

func (m *instance) iterationNow() *iteration {
	if m.iteration == nil || m.iteration.ctx != m.vu.Context() {
		m.iteration = m.newIteration()
	}
	return m.iteration
}

func (m *instance) newIteration() *iteration {
	state := m.vu.State()
	samples := state.Samples
	record := newRecorder(func(gathered metrics.Samples) { samples <- gathered })
	streams := metrics.TimeSeries{Metric: m.metrics.streams, Tags: state.Tags.GetCurrentValues().Tags}
	flush := func() {
		record.flush(metrics.Sample{TimeSeries: streams, Time: time.Now(), Value: float64(m.root.streams.Load())})
	}
	client, closeIdle := newClient(state)
	q := newQueue(m.vu.Context(), m.vu.RegisterCallback, func() {
		flush()
		closeIdle()
	})
	go flushNowAndThen(q, flush)
	return &iteration{ctx: m.vu.Context(), queue: q, recorder: record, client: client}
}

func flushNowAndThen(q *queue, flush func()) {
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-q.ctx.Done():
			return
		case <-ticker.C:
			// Nothing may be pushed once k6 has ended the test: an open stream keeps it from that.
			if q.hold() {
				flush()
				q.release()
			}
		}
	}
}
