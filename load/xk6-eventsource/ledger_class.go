package eventsource

import (
	"errors"
	"fmt"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/metrics"
)

// ledgerNamed gives the ledger of that name, the same one everywhere in the process.
func (r *root) ledgerNamed(name string, options ledgerOptions) (*ledger, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.ledgers[name]
	if known == nil {
		known = newLedger(name, options)
		r.ledgers[name] = known
	}
	if !known.options.equal(options) {
		return nil, fmt.Errorf("new Ledger: %q exists with other options (%s)", name, known.options)
	}
	return known, nil
}

func (m *instance) ledgerClass() *sobek.Object {
	rt := m.vu.Runtime()
	class, prototype := m.class(m.newLedger)
	property(m, prototype, "name", func(l *ledger) any { return l.name }, nil)
	property(m, prototype, "ready", func(l *ledger) any { return l.readyStreams() }, nil)
	property(m, prototype, "open", func(l *ledger) any { return l.openStreams() }, nil)
	property(m, prototype, "settled", func(l *ledger) any { return l.isSettled() }, nil)
	method(m, prototype, "attempt", func(l *ledger, call sobek.FunctionCall) sobek.Value {
		name, sequence, _ := readNote(rt, call.Argument(0), "attempt", "publisher", "sequence")
		must(rt, l.attempt(name, sequence))
		return sobek.Undefined()
	})
	method(m, prototype, "acknowledge", func(l *ledger, call sobek.FunctionCall) sobek.Value {
		name, sequence, worker := readNote(rt, call.Argument(0), "acknowledge", "publisher", "sequence", "worker")
		if worker == "" && l.options.holder != nil {
			common.Throw(rt, errors.New("acknowledge: worker must be a string, because this ledger tells workers apart (holder)"))
		}
		must(rt, l.acknowledge(name, sequence, worker))
		return sobek.Undefined()
	})
	method(m, prototype, "missing", func(l *ledger, _ sobek.FunctionCall) sobek.Value { return rt.ToValue(l.missing()) })
	method(m, prototype, "report", func(l *ledger, _ sobek.FunctionCall) sobek.Value { return rt.ToValue(l.report()) })
	method(m, prototype, "settle", func(l *ledger, _ sobek.FunctionCall) sobek.Value { return m.settle(l) })
	return class
}

func (m *instance) newLedger(call sobek.ConstructorCall) any {
	rt := m.vu.Runtime()
	name, isText := exported(call.Argument(0)).(string)
	if !isText || name == "" {
		common.Throw(rt, errors.New("new Ledger: the first argument must be a name"))
	}
	options, err := readLedgerOptions(rt, call.Argument(1))
	must(rt, err)
	known, err := m.root.ledgerNamed(name, options)
	must(rt, err)
	return known
}

// readNote reads what a script says of one event, and throws where it is not that.
func readNote(rt *sobek.Runtime, value sobek.Value, call string, known ...string) (publisher string, sequence int, worker string) {
	fields, err := fieldsOf(rt, value, "the argument of "+call, known...)
	must(rt, err)
	publisher, _ = exported(fields["publisher"]).(string)
	if publisher == "" {
		common.Throw(rt, fmt.Errorf("%s: publisher must be a string", call))
	}
	number := exported(fields["sequence"])
	whole, isWhole := number.(int64)
	if !isWhole || !validSequence(float64(whole)) {
		common.Throw(rt, fmt.Errorf("%s: sequence must be an integer 1-%d (got %v)", call, sequenceMax, number))
	}
	worker, _ = exported(fields["worker"]).(string)
	return publisher, int(whole), worker
}

// settle closes the account: its figures become metrics, so that thresholds can judge them. It returns the report.
func (m *instance) settle(l *ledger) sobek.Value {
	rt, state := m.vu.Runtime(), m.vu.State()
	if state == nil {
		common.Throw(rt, errors.New("settle: call it in a scenario's function or in teardown(), not in the init context"))
	}
	report := l.report()
	if !l.settle() {
		return rt.ToValue(report)
	}
	tags := state.Tags.GetCurrentValues().Tags.With("ledger", l.name)
	samples := metrics.Samples{}
	for metric, value := range map[*metrics.Metric]int{
		m.metrics.published: report.Published, m.metrics.delivered: report.Delivered, m.metrics.lost: report.Lost,
		m.metrics.doubled: report.Doubled, m.metrics.disordered: report.Disordered,
		m.metrics.unexplained: report.Unexplained, m.metrics.settled: 1,
	} {
		series := metrics.TimeSeries{Metric: metric, Tags: tags}
		samples = append(samples, metrics.Sample{TimeSeries: series, Time: time.Now(), Value: float64(value)})
	}
	metrics.PushIfNotDone(m.vu.Context(), state.Samples, samples)
	return rt.ToValue(report)
}
