module sse-scaling-lab/load/bench

go 1.24
