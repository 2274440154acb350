// Command k6 is k6 with the module k6/x/eventsource built in.
package main

import (
	"go.k6.io/k6/v2/cmd"

	_ "sse-scaling-lab/load/xk6-eventsource"
)

func main() {
	cmd.Execute()
}
