package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// usage is what processes and all their descendants hold and have used. What several of them share counts once.
type usage struct {
	kib int64
	cpu time.Duration
}

// The unit of /proc/PID/stat, which Linux fixes at 100 a second for programs.
const tick = 10 * time.Millisecond

// readUsage reads /proc. Processor time comes from schedstat, in nanoseconds, of every thread; ticks would miss short runs.
func readUsage(roots []int) usage {
	var sum usage
	for _, pid := range withDescendants(roots) {
		sum.kib += residentKib(pid)
		sum.cpu += processorTime(pid)
	}
	return sum
}

// parsePids reads a list with commas. Fails for what is no running process: its cost would be told as nothing.
func parsePids(text string) ([]int, error) {
	var pids []int
	for field := range strings.SplitSeq(text, ",") {
		if field == "" {
			continue
		}
		pid, err := strconv.Atoi(field)
		if err != nil || residentKib(pid) == 0 {
			return nil, fmt.Errorf("-pids: %q is no running process, or its memory may not be read", field)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

func withDescendants(roots []int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		fields := statFields(path)
		if len(fields) < 2 {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		parent, _ := strconv.Atoi(fields[1])
		children[parent] = append(children[parent], pid)
	}
	all := slices.Clone(roots)
	for index := 0; index < len(all); index++ {
		all = append(all, children[all[index]]...)
	}
	return all
}

// statFields are those after the name, which may hold blanks: state, parent, …
func statFields(path string) []string {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

// residentKib takes of a page that several processes share the part of one: nginx' workers have all of nchan's memory in common.
func residentKib(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	_, rest, _ := strings.Cut(string(text), "\nPss:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseInt(fields[0], 10, 64)
	return kib
}

func processorTime(pid int) time.Duration {
	var sum time.Duration
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, path := range tasks {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(text))
		if len(fields) == 0 {
			continue
		}
		ns, _ := strconv.ParseInt(fields[0], 10, 64)
		sum += time.Duration(ns)
	}
	if sum > 0 {
		return sum
	}
	// A kernel without schedstat.
	fields := statFields(fmt.Sprintf("/proc/%d/stat", pid))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick
}
