//go:build linux

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime gives the CPU time that a process has used: of its own clock, which is finer
// than the hundredths of a second of /proc.
func cpuTime(pid int) (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(cpuClock(pid), &t); err != nil {
		return 0, fmt.Errorf("the CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// cpuTimes is cpuTime of several.
func cpuTimes(pids []int) (all []time.Duration, err error) {
	for _, pid := range pids {
		one, err := cpuTime(pid)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// cpuClock is clock_getcpuclockid(3), as Linux has it: the process's number, all bits
// turned, above three bits, of which 2 is for the time that it was scheduled.
func cpuClock(pid int) int32 { return int32(^pid<<3 | 2) }

// resident gives the resident memory of a process in bytes.
func resident(pid int) (int64, error) {
	kib, err := procField(pid, "status", "VmRSS:")
	return kib << 10, err
}

// peak gives the most that the resident memory of a process was since its start, or
// since resetPeak, in bytes.
func peak(pid int) (int64, error) {
	kib, err := procField(pid, "status", "VmHWM:")
	return kib << 10, err
}

// resetPeak makes a process's peak what it has now (proc(5), clear_refs).
func resetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}

// loadAverage gives the load of the machine over 1, 5 and 15 minutes.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg") // unknown where there is none
	if fields := strings.Fields(string(text)); len(fields) >= 3 {
		return strings.Join(fields[:3], " ")
	}
	return "unknown"
}

// written gives the bytes that a process has had written to disk.
func written(pid int) (int64, error) { return procField(pid, "io", "write_bytes:") }

// procField gives the number that stands after a name in a file of /proc.
func procField(pid int, file, name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, name); found {
			return strconv.ParseInt(strings.Fields(value)[0], 10, 64)
		}
	}
	return 0, fmt.Errorf("/proc/%d/%s has no %s", pid, file, name)
}
