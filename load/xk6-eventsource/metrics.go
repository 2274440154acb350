package eventsource

import (
	"sync"
	"time"

	"go.k6.io/k6/v2/metrics"
)

// metricSet is every metric of ours, by what it measures. docs/load.md lists them for users.
type metricSet struct {
	connecting, duration, latency                   *metrics.Metric
	streams                                         *metrics.Metric
	opened, reconnects, cut, closed                 *metrics.Metric
	events, heartbeats, gaps, handlerErrors         *metrics.Metric
	published, delivered, lost, doubled, disordered *metrics.Metric
	unexplained, settled                            *metrics.Metric
}

func registerMetrics(registry *metrics.Registry) (*metricSet, error) {
	set := &metricSet{}
	for _, each := range []struct {
		to    **metrics.Metric
		name  string
		typ   metrics.MetricType
		value metrics.ValueType
	}{
		{&set.connecting, "sse_connecting", metrics.Trend, metrics.Time},
		{&set.duration, "sse_stream_duration", metrics.Trend, metrics.Time},
		{&set.latency, "sse_latency", metrics.Trend, metrics.Time},
		{&set.streams, "sse_streams", metrics.Gauge, metrics.Default},
		{&set.opened, "sse_opened", metrics.Counter, metrics.Default},
		{&set.reconnects, "sse_reconnects", metrics.Counter, metrics.Default},
		{&set.cut, "sse_cut", metrics.Counter, metrics.Default},
		{&set.closed, "sse_closed", metrics.Counter, metrics.Default},
		{&set.events, "sse_events", metrics.Counter, metrics.Default},
		{&set.heartbeats, "sse_heartbeats", metrics.Counter, metrics.Default},
		{&set.gaps, "sse_gaps", metrics.Counter, metrics.Default},
		{&set.handlerErrors, "sse_handler_errors", metrics.Counter, metrics.Default},
		{&set.published, "sse_published", metrics.Counter, metrics.Default},
		{&set.delivered, "sse_delivered", metrics.Counter, metrics.Default},
		{&set.lost, "sse_lost", metrics.Counter, metrics.Default},
		{&set.doubled, "sse_doubled", metrics.Counter, metrics.Default},
		{&set.disordered, "sse_disordered", metrics.Counter, metrics.Default},
		{&set.unexplained, "sse_unexplained", metrics.Counter, metrics.Default},
		{&set.settled, "sse_settled", metrics.Counter, metrics.Default},
	} {
		metric, err := registry.NewMetric(each.name, each.typ, each.value)
		if err != nil {
			return nil, err
		}
		*each.to = metric
	}
	return set, nil
}

// flushEvery is how long samples are gathered: pushed one by one they cost 5 µs each, and there may be 50,000 a second.
const flushEvery = time.Second

// recorder gathers samples. Counters are added up, trends keep each value. Safe for any goroutine.
type recorder struct {
	push func(metrics.Samples)

	mu     sync.Mutex
	counts map[metrics.TimeSeries]float64
	trends metrics.Samples
}

func newRecorder(push func(metrics.Samples)) *recorder {
	return &recorder{push: push, counts: map[metrics.TimeSeries]float64{}}
}

func (r *recorder) count(metric *metrics.Metric, tags *metrics.TagSet, n int) {
	if n == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[metrics.TimeSeries{Metric: metric, Tags: tags}] += float64(n)
}

func (r *recorder) trend(metric *metrics.Metric, tags *metrics.TagSet, values ...float64) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, value := range values {
		series := metrics.TimeSeries{Metric: metric, Tags: tags}
		r.trends = append(r.trends, metrics.Sample{TimeSeries: series, Time: now, Value: value})
	}
}

// flush pushes what was gathered, and the gauges as they are now.
func (r *recorder) flush(gauges ...metrics.Sample) {
	now := time.Now()
	r.mu.Lock()
	samples := append(r.trends, gauges...)
	for series, value := range r.counts {
		samples = append(samples, metrics.Sample{TimeSeries: series, Time: now, Value: value})
	}
	clear(r.counts)
	r.trends = nil
	r.mu.Unlock()
	if len(samples) > 0 {
		r.push(samples)
	}
}
