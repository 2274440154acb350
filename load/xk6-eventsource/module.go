// Package eventsource gives k6 the EventSource of the browser, as k6/x/eventsource, and a ledger that compares what was
// published with what arrived. Each virtual user holds as many streams as it likes on its one event loop.
package eventsource

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/js/modules"
)

func init() {
	modules.Register("k6/x/eventsource", newRoot())
}

// root is what all virtual users of the process share.
type root struct {
	streams atomic.Int64 // open now

	mu      sync.Mutex
	ledgers map[string]*ledger
}

func newRoot() *root {
	return &root{ledgers: map[string]*ledger{}}
}

// NewModuleInstance gives one virtual user its part of the module.
func (r *root) NewModuleInstance(vu modules.VU) modules.Instance {
	set, err := registerMetrics(vu.InitEnv().Registry)
	if err != nil {
		common.Throw(vu.Runtime(), err)
	}
	m := &instance{root: r, vu: vu, metrics: set, self: sobek.NewSymbol("self")}
	// Once: k6 asks for the exports at each use of an imported name, and classes made anew would cost 9 KiB a stream.
	m.exports = modules.Exports{Named: map[string]any{
		"EventSource": m.eventSourceClass(),
		"Ledger":      m.ledgerClass(),
		"now":         func() float64 { return milliseconds(time.Now()) },
	}}
	return m
}

// instance is the module as one virtual user has it.
type instance struct {
	root      *root
	vu        modules.VU
	metrics   *metricSet
	self      *sobek.Symbol // where a JavaScript object keeps what it is in Go
	exports   modules.Exports
	iteration *iteration // the newest
}

// Exports says what can be imported.
func (m *instance) Exports() modules.Exports { return m.exports }

// class makes a constructor whose members stand on the prototype: on each instance they would cost 7 KB a stream.
func (m *instance) class(construct func(sobek.ConstructorCall) any) (class, prototype *sobek.Object) {
	rt := m.vu.Runtime()
	class = rt.ToValue(func(call sobek.ConstructorCall) *sobek.Object {
		must(rt, call.This.SetSymbol(m.self, rt.NewDynamicObject(&inside{construct(call)})))
		return nil
	}).ToObject(rt)
	return class, class.Get("prototype").ToObject(rt)
}

// inside carries a Go value in a JavaScript object, to which it has no members. Handing over the value itself would make
// sobek build 6 KiB of them for each stream.
type inside struct{ self any }

func (*inside) Get(string) sobek.Value       { return nil }
func (*inside) Set(string, sobek.Value) bool { return false }
func (*inside) Has(string) bool              { return false }
func (*inside) Delete(string) bool           { return false }
func (*inside) Keys() []string               { return nil }

// method puts a function on a prototype. It throws where `this` is no instance.
func method[T any](m *instance, prototype *sobek.Object, name string, act func(T, sobek.FunctionCall) sobek.Value) {
	rt := m.vu.Runtime()
	must(rt, prototype.Set(name, func(call sobek.FunctionCall) sobek.Value {
		return act(selfOf[T](m, call.This), call)
	}))
}

// property puts a getter on a prototype, and a setter where there is one.
func property[T any](m *instance, prototype *sobek.Object, name string, get func(T) any, set func(T, sobek.Value)) {
	rt := m.vu.Runtime()
	getter := rt.ToValue(func(call sobek.FunctionCall) sobek.Value { return rt.ToValue(get(selfOf[T](m, call.This))) })
	var setter sobek.Value
	if set != nil {
		setter = rt.ToValue(func(call sobek.FunctionCall) sobek.Value {
			set(selfOf[T](m, call.This), call.Argument(0))
			return sobek.Undefined()
		})
	}
	must(rt, prototype.DefineAccessorProperty(name, getter, setter, sobek.FLAG_TRUE, sobek.FLAG_TRUE))
}

func selfOf[T any](m *instance, this sobek.Value) T {
	self, fits := held[T](m, this)
	if !fits {
		panic(m.vu.Runtime().NewTypeError("called on an object of another class"))
	}
	return self
}

// held is what a JavaScript object is in Go, if it is one of ours.
func held[T any](m *instance, value sobek.Value) (self T, fits bool) {
	if object, isObject := value.(*sobek.Object); isObject {
		if kept := object.GetSymbol(m.self); kept != nil {
			if it, isOurs := kept.Export().(*inside); isOurs {
				self, fits = it.self.(T)
			}
		}
	}
	return self, fits
}

func must(rt *sobek.Runtime, err error) {
	if err != nil {
		common.Throw(rt, err)
	}
}

// milliseconds since the epoch, with a fraction.
func milliseconds(at time.Time) float64 {
	return float64(at.UnixMicro()) / 1000
}
