package eventsource

import "github.com/grafana/sobek"

// sourceEvent is an event on its way to a script.
type sourceEvent struct {
	Type, Data, LastEventID, Origin string
	ReceivedAtMs                    float64
	Status                          int    // of an error that ended the stream for good
	Message                         string // of an error
}

// eventObject is an event as a script sees it. Its fields become JavaScript values when they are asked for: most scripts
// read one or two of them.
type eventObject struct {
	rt    *sobek.Runtime
	event sourceEvent
}

var eventFields = []string{"type", "data", "lastEventId", "origin", "receivedAtMs", "status", "message"}

// Get gives a field, or nil, and then sobek asks the prototype.
func (o *eventObject) Get(key string) sobek.Value {
	switch key {
	case "type":
		return o.rt.ToValue(o.event.Type)
	case "data":
		return o.rt.ToValue(o.event.Data)
	case "lastEventId":
		return o.rt.ToValue(o.event.LastEventID)
	case "origin":
		return o.rt.ToValue(o.event.Origin)
	case "receivedAtMs":
		return o.rt.ToValue(o.event.ReceivedAtMs)
	case "status":
		return o.rt.ToValue(o.event.Status)
	case "message":
		return o.rt.ToValue(o.event.Message)
	}
	return nil
}

// Set refuses: [spec] the fields of an event are read-only.
func (o *eventObject) Set(string, sobek.Value) bool { return false }

// Has tells whether there is such a field.
func (o *eventObject) Has(key string) bool { return contains(eventFields, key) }

// Delete refuses.
func (o *eventObject) Delete(string) bool { return false }

// Keys lists the fields, for JSON.stringify and the like.
func (o *eventObject) Keys() []string { return eventFields }
