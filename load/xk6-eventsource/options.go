package eventsource

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"golang.org/x/net/http/httpguts"
)

// sourceOptions is what a script says to a new EventSource.
type sourceOptions struct {
	url         *url.URL
	headers     http.Header
	tags        map[string]string
	lastEventID string
	ledger      *ledger
}

// ours are the headers that the standard or the transport sets.
var ours = []string{
	"accept", "accept-encoding", "cache-control", "connection", "content-length", "host", "last-event-id", "transfer-encoding",
}

func (m *instance) readSourceOptions(call sobek.ConstructorCall) (sourceOptions, error) {
	options := sourceOptions{headers: http.Header{}}
	address, err := url.Parse(call.Argument(0).String())
	if err != nil || (address.Scheme != "http" && address.Scheme != "https") || address.Host == "" {
		return options, fmt.Errorf("EventSource: url must be absolute, http or https (got %q)", call.Argument(0).String())
	}
	options.url = address
	fields, err := fieldsOf(m.vu.Runtime(), call.Argument(1), "the options of an EventSource", "headers", "tags", "lastEventId", "ledger")
	if err != nil {
		return options, err
	}
	return options, m.readSourceFields(&options, fields)
}

func (m *instance) readSourceFields(options *sourceOptions, fields map[string]sobek.Value) (err error) {
	if options.tags, err = textsOf("tags", fields["tags"]); err != nil {
		return err
	}
	headers, err := textsOf("headers", fields["headers"])
	if err != nil {
		return err
	}
	for name, value := range headers {
		if err := checkHeader(name, value); err != nil {
			return err
		}
		options.headers.Set(name, value)
	}
	if given := fields["lastEventId"]; given != nil {
		text, isText := exported(given).(string)
		// [spec] Nobody can have been given such an id, and in a header it would be another one, or none.
		if !isText || strings.ContainsAny(text, "\x00\r\n") {
			return errors.New("EventSource: lastEventId must be a string without NUL and line breaks")
		}
		options.lastEventID = text
	}
	if given := fields["ledger"]; given != nil {
		held, isLedger := held[*ledger](m, given)
		if !isLedger {
			return errors.New("EventSource: ledger must be a Ledger")
		}
		options.ledger = held
	}
	return nil
}

func checkHeader(name, value string) error {
	if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
		return fmt.Errorf("EventSource: headers: %q is no valid header, or has no valid value", name)
	}
	if contains(ours, strings.ToLower(name)) {
		return fmt.Errorf("EventSource: headers: %q is set by EventSource itself: leave it out", name)
	}
	return nil
}

// textsOf reads an object of strings. Numbers and booleans are taken as they print.
func textsOf(field string, value sobek.Value) (map[string]string, error) {
	texts := map[string]string{}
	if common.IsNullish(value) {
		return texts, nil
	}
	object, isObject := exported(value).(map[string]any)
	if !isObject {
		return nil, fmt.Errorf("EventSource: %s must be an object of strings", field)
	}
	for key, each := range object {
		switch each.(type) {
		case string, bool, int64, float64:
			texts[key] = fmt.Sprint(each)
		default:
			return nil, fmt.Errorf("EventSource: %s: %q must be a string", field, key)
		}
	}
	return texts, nil
}
