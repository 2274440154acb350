package eventsource

import (
	"errors"
	"sync"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
)

// listeners are the handlers of one source. They change on the loop; the goroutine asks whether anybody listens.
type listeners struct {
	this *sobek.Object

	mu         sync.Mutex
	attributes map[string]sobek.Value   // onopen, onmessage, onerror
	added      map[string][]sobek.Value // by type, in the order in which they were added
}

func (l *listeners) wants(typ string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.attributes[typ] != nil || len(l.added[typ]) > 0
}

func (l *listeners) attribute(typ string) sobek.Value {
	if value := l.attributes[typ]; value != nil {
		return value
	}
	return sobek.Null()
}

func (l *listeners) setAttribute(typ string, value sobek.Value) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.attributes == nil {
		l.attributes = map[string]sobek.Value{}
	}
	delete(l.attributes, typ)
	// [spec] What cannot be called counts as null.
	if _, callable := sobek.AssertFunction(value); callable {
		l.attributes[typ] = value
	}
}

func (l *listeners) add(rt *sobek.Runtime, call sobek.FunctionCall) sobek.Value {
	typ, listener := call.Argument(0).String(), call.Argument(1)
	if common.IsNullish(listener) {
		return sobek.Undefined()
	}
	if _, callable := sobek.AssertFunction(listener); !callable {
		common.Throw(rt, errors.New("addEventListener: the second argument must be a function"))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, known := range l.added[typ] {
		if known.SameAs(listener) {
			return sobek.Undefined()
		}
	}
	if l.added == nil {
		l.added = map[string][]sobek.Value{}
	}
	l.added[typ] = append(l.added[typ], listener)
	return sobek.Undefined()
}

func (l *listeners) remove(call sobek.FunctionCall) sobek.Value {
	typ, listener := call.Argument(0).String(), call.Argument(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	for at, known := range l.added[typ] {
		if known.SameAs(listener) {
			kept := append([]sobek.Value{}, l.added[typ][:at]...)
			l.added[typ] = append(kept, l.added[typ][at+1:]...)
			break
		}
	}
	return sobek.Undefined()
}

// call runs the handlers in order, on… first; the first one that throws ends it.
func (l *listeners) call(rt *sobek.Runtime, event *sourceEvent) error {
	l.mu.Lock()
	handlers := append([]sobek.Value{}, l.added[event.Type]...)
	if attribute := l.attributes[event.Type]; attribute != nil {
		handlers = append([]sobek.Value{attribute}, handlers...)
	}
	l.mu.Unlock()
	seen := rt.NewDynamicObject(&eventObject{rt, *event})
	for _, handler := range handlers {
		if function, callable := sobek.AssertFunction(handler); callable {
			if _, err := function(l.this, seen); err != nil {
				return err
			}
		}
	}
	return nil
}
