package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Self gives this process: the start of its machine, the namespace of its number, its number,
// and when it began, in ticks since the machine did. No other process that is alive has the
// same. "" where /proc does not tell.
func Self() string {
	pid := os.Getpid()
	where := here()
	began, _, ok := stat(pid)
	if where == "" || !ok {
		return ""
	}
	return where + "/" + strconv.Itoa(pid) + "/" + began
}

// Ended says that a process that Self gave has surely ended; false where it lives, and where
// that cannot be told from here, as of one on another machine or in another container.
func Ended(self string) bool {
	where, rest, _ := strings.Cut(self, "/")
	number, began, _ := strings.Cut(rest, "/")
	pid, err := strconv.Atoi(number)
	if where == "" || err != nil || pid <= 0 || began == "" || where != here() {
		return false
	}
	// Asked before /proc, which may hide the processes of others (proc(5), hidepid).
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return true
	}
	is, over, ok := stat(pid)
	return ok && (is != began || over)
}

// here gives the start of the machine and the namespace of processes: what a number of a
// process belongs to. A namespace may get the number of a former one, when that has ended with
// all of its processes.
func here() string {
	// One that sees the /proc of another namespace reads of other processes under its numbers.
	if seen, err := os.Readlink("/proc/self"); err != nil || seen != strconv.Itoa(os.Getpid()) {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + "," + space
}

// stat reads when a process began, and whether it is over: one that was killed stays until its
// parent asks for it, and its threads end one after another (proc(5), fields 3, 20 and 22).
func stat(pid int) (began string, over, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false, false
	}
	_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ") // a name may have anything in it
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return "", false, false
	}
	state, threads := fields[0], fields[17]
	return fields[19], (state == "Z" || state == "X") && (threads == "0" || threads == "1"), true
}
