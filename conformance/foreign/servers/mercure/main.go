// Mercure as a library: anybody may read, and a token publishes. The key of the token is the argument.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/dunglas/mercure"
)

func main() {
	hub, err := mercure.NewHub(
		mercure.WithAnonymous(),
		mercure.WithPublisherJWT([]byte(os.Args[1]), "HS256"),
		mercure.WithSubscriberJWT([]byte(os.Args[1]), "HS256"),
	)
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	mux := http.NewServeMux()
	mux.Handle("/.well-known/mercure", hub)
	panic(http.Serve(listener, mux))
}
