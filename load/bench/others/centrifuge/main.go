// Centrifuge, Centrifugo's library, with its own transport over SSE: one process on two cores, without Redis, as its readers are
// all here. It keeps no history. Usage: centrifuge PORT.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/centrifugal/centrifuge"
)

const channel = "bench"

func main() {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		log.Fatal(err)
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{
			Credentials:   &centrifuge.Credentials{},
			Subscriptions: map[string]centrifuge.SubscribeOptions{channel: {}},
		}, nil
	})
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	// Its client library answers each ping; a reader of plain SSE cannot, and is not to be closed for that.
	sse := centrifuge.NewSSEHandler(node, centrifuge.SSEConfig{
		PingPongConfig: centrifuge.PingPongConfig{PingInterval: pingInterval, PongTimeout: -1},
	})
	// What its client library puts into the address.
	connect := url.Values{"cf_connect": {`{"id":1,"connect":{}}`}}.Encode()
	http.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		r.URL.RawQuery = connect
		sse.ServeHTTP(w, r)
	})
	http.HandleFunc("POST /events", func(w http.ResponseWriter, r *http.Request) {
		var event struct{ Data json.RawMessage }
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if _, err := node.Publish(channel, event.Data); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}

const pingInterval = 15 * time.Second
