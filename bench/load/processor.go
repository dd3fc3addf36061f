package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc/PID/stat (proc(5)): a hundredth of a second on every Linux of today.
const tick = 10 * time.Millisecond

// processorTime is what a process and its children have used so far; 0 for none.
func processorTime(pid int) time.Duration {
	if pid == 0 {
		return 0
	}
	_, used := statOf(fmt.Sprintf("/proc/%d/stat", pid))
	all, _ := filepath.Glob("/proc/[0-9]*/stat") // fails of a bad pattern alone
	for _, name := range all {
		if parent, of := statOf(name); parent == pid {
			used += of
		}
	}
	return used
}

// statOf reads a process's parent, and the time that it has used, with that of its children that have ended.
func statOf(name string) (parent int, used time.Duration) {
	text, err := os.ReadFile(name) //nolint:gosec // of /proc
	if err != nil {
		return 0, 0 // it has ended
	}
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	const ppid, utime, cstime = 1, 11, 14 // counted from the state, the third field
	if len(fields) <= cstime {
		return 0, 0
	}
	parent, _ = strconv.Atoi(fields[ppid])
	for _, field := range fields[utime : cstime+1] {
		n, _ := strconv.Atoi(field)
		used += time.Duration(n) * tick
	}
	return parent, used
}
