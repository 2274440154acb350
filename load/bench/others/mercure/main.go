// Mercure's hub as a library, in one process on two cores. It keeps what it published in a file, as it does by default: in memory,
// as the lab's Redis has no disk either. Usage: mercure PORT KEY, the key of the token that publishes.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/dunglas/mercure"
	"go.uber.org/zap"
)

func main() {
	port, key := os.Args[1], []byte(os.Args[2])
	history, err := mercure.NewBoltTransport(zap.NewNop(), "/dev/shm/mercure.db", "", historySize, mercure.BoltDefaultCleanupFrequency)
	if err != nil {
		log.Fatal(err)
	}
	hub, err := mercure.NewHub(
		mercure.WithTransport(history),
		mercure.WithAnonymous(),
		mercure.WithPublisherJWT(key, "HS256"),
		mercure.WithSubscriberJWT(key, "HS256"),
	)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("GET /events", hub.SubscribeHandler)
	http.HandleFunc("POST /events", hub.PublishHandler)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, nil))
}

// historySize is how many events the file keeps.
const historySize = 10_000
