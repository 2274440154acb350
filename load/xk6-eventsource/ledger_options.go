package eventsource

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
)

// ledgerOptions says where in an event's data things stand, as gjson paths ("a.b.0").
type ledgerOptions struct {
	publisher, sequence string
	sentAtMs            *string // nil: no latency
	holder              *string // the worker's path in the data of `hello`; nil: workers are not told apart
}

func (o ledgerOptions) equal(other ledgerOptions) bool {
	return o.String() == other.String()
}

// String is what an error shows.
func (o ledgerOptions) String() string {
	text := fmt.Sprintf("publisher: %q, sequence: %q", o.publisher, o.sequence)
	if o.sentAtMs != nil {
		text += fmt.Sprintf(", sentAtMs: %q", *o.sentAtMs)
	}
	if o.holder != nil {
		text += fmt.Sprintf(", holder: %q", *o.holder)
	}
	return text
}

func readLedgerOptions(rt *sobek.Runtime, value sobek.Value) (ledgerOptions, error) {
	var options ledgerOptions
	fields, err := fieldsOf(rt, value, "the options of a Ledger", "publisher", "sequence", "sentAtMs", "holder")
	if err != nil {
		return options, err
	}
	for field, to := range map[string]**string{"sentAtMs": &options.sentAtMs, "holder": &options.holder} {
		if value, given := fields[field]; given {
			path, err := pathOf(field, value)
			if err != nil {
				return options, err
			}
			*to = &path
		}
	}
	if options.publisher, err = pathOf("publisher", fields["publisher"]); err != nil {
		return options, err
	}
	options.sequence, err = pathOf("sequence", fields["sequence"])
	return options, err
}

func pathOf(field string, value sobek.Value) (string, error) {
	path, isText := exported(value).(string)
	if !isText || path == "" {
		return "", fmt.Errorf("new Ledger: %s must be a path in an event's data, like '%s' or 'from.%s'", field, field, field)
	}
	return path, nil
}

// fieldsOf reads an options object. A field that nobody knows is an error: a misspelt one would be ignored for ever.
func fieldsOf(rt *sobek.Runtime, value sobek.Value, what string, known ...string) (map[string]sobek.Value, error) {
	if common.IsNullish(value) {
		return nil, nil
	}
	object, isObject := value.(*sobek.Object)
	if !isObject {
		return nil, fmt.Errorf("%s must be an object", what)
	}
	fields := map[string]sobek.Value{}
	for _, key := range object.Keys() {
		fields[key] = object.Get(key)
	}
	for _, key := range known {
		if field := fields[key]; field != nil && sobek.IsUndefined(field) {
			delete(fields, key)
		}
	}
	return fields, unknownFields(fields, what, known)
}

func unknownFields(fields map[string]sobek.Value, what string, known []string) error {
	unknown := []string{}
	for key := range fields {
		if !contains(known, key) {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	sort.Strings(unknown)
	return errors.New(what + " have no field " + strings.Join(unknown, ", ") + "; there are: " + strings.Join(known, ", "))
}

func contains(list []string, item string) bool {
	for _, each := range list {
		if each == item {
			return true
		}
	}
	return false
}

func exported(value sobek.Value) any {
	if value == nil {
		return nil
	}
	return value.Export()
}
