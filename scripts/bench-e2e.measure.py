#!/usr/bin/env python3
"""Runs one command and measures it with all its descendants; prints a line of JSON.

    bench-e2e.measure.py SECONDS LOG COMMAND...

What the command prints goes to the file LOG; after so many SECONDS it is ended with everything it started. Given are
seconds of wall and CPU time, peak megabytes, the exit status (124 when time ran out) and the names of the processes
that still lived a second after the command had ended, which are then killed.

Orphans are inherited by this process (Linux's child subreaper), so a browser that was started in a session of its own
counts too. CPU time is the kernel's sum over all descendants once each has been waited for. Memory is the sum of the
proportional set sizes of all that live, so that pages which processes share count once. Reading it takes time in
proportion to the memory, so the pause between two readings is fifteen times the CPU time that the last one took, from
50 to 500 ms: a peak that is shorter than that can be missed.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
PAUSE_FACTOR = 15
# How long what the command started may live on: browsers write their profiles when they are closed.
GRACE = 1.0


def descendants():
    """The process ids below this process."""
    children = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                parent = int(stat.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(pid))
    found, waiting = [], [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def read(path):
    """The text of a file of /proc; empty when the process has gone meanwhile."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def proportional_kilobytes(pid):
    lines = read(f"/proc/{pid}/smaps_rollup").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


class Memory(threading.Thread):
    """Samples the memory of all descendants until it is stopped."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak = 0
        self.over = threading.Event()

    def run(self):
        pause = 0
        while not self.over.wait(pause):
            start = time.thread_time()
            self.peak = max(self.peak, sum(map(proportional_kilobytes, descendants())))
            spent = time.thread_time() - start
            pause = min(max(SHORTEST_PAUSE, PAUSE_FACTOR * spent), LONGEST_PAUSE)


def kill(processes):
    for pid in processes:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def wait_for(child):
    """The exit status of a child, after reaping the orphans that end before it."""
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def reap_all(patience):
    """Waits for what still lives, then kills it; the names of what had to be killed."""
    end = time.perf_counter() + patience
    while time.perf_counter() < end:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
        except ChildProcessError:
            return []
    left = [name for name in (read(f"/proc/{pid}/comm").strip() for pid in descendants()) if name]
    while True:
        kill(descendants())
        try:
            os.wait()
        except ChildProcessError:
            return left


def main():
    seconds, log, command = float(sys.argv[1]), sys.argv[2], sys.argv[3:]
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # A bench that is interrupted or killed takes the command with it.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    for interruption in (signal.SIGTERM, signal.SIGINT):
        signal.signal(interruption, lambda *_: (reap_all(0), os._exit(130)))
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    streams = [(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)]
    memory, ran_out = Memory(), threading.Event()
    alarm = threading.Timer(seconds, lambda: (ran_out.set(), kill(descendants())))
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=streams)
    memory.start()
    alarm.start()
    status = wait_for(child)
    wall = time.perf_counter() - start
    alarm.cancel()
    memory.over.set()
    memory.join()
    left = reap_all(GRACE)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": memory.peak / 1024,
        "status": 124 if ran_out.is_set() else status,
        "left": left,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
