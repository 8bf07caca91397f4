"""Namespaces: one set for a warden, and a user, mount, pid and IPC namespace of each run's own.

A warden is the first process of its pid namespace, so the kernel ends everything below it when it
ends; a run's first process is the same to the run. A user namespace for each run makes RLIMIT_NPROC
count that run's processes alone (Linux 5.14), and leaves a program that regains a capability
without power over the warden's mounts. See user_namespaces(7), pid_namespaces(7).
"""

from __future__ import annotations

import os

from provenir.environments.sandbox.inside import linux

__all__ = ["RUN_ID", "PidNamespaces", "enter", "own_namespaces", "spare_id"]

RUN_ID = 1000  # what a run is called in its namespace, as user and as group
_MAY_BECOME = 1 << 6 | 1 << 7  # CAP_SETGID, CAP_SETUID
_FIRST_SPARE, _SPARES = 60_600, 500
_PR_SET_DUMPABLE = 4
_PR_SET_PDEATHSIG = 1
_SIGKILL = 9  # `signal` is an import that every cold start would pay for


def spare_id() -> int | None:
    """An unprivileged user id for the runs; None where we may not become another user."""
    if os.geteuid() != 0 or _MAY_BECOME & ~linux.effective_capabilities():
        return None
    # Ids of systemd's and of people's accounts end below 60,578; a warden takes one by its pid so
    # that two of them share no count of processes.
    wanted = _FIRST_SPARE + os.getpid() % _SPARES
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/self/{name}") as lines:
            ranges = [[int(word) for word in line.split()] for line in lines]
        if not any(first <= wanted < first + count for first, _, count in ranges):
            return None
    return wanted


def enter(spare: int | None) -> None:
    """Move this program into new namespaces; it goes on as their first process.

    The process that called stays behind, waits for the first one and exits as it did.

    Args:
        spare: The host's user and group id that the runs get; None where they keep ours.

    Raises:
        OSError: A namespace, or a map of ids, is refused here.
    """
    mapped = (spare, os.geteuid(), os.getegid())
    ready, start = os.pipe()
    mapper = os.fork()
    if mapper == 0:
        os.close(start)
        _write_maps_and_exit(ready, mapped)
    os.close(ready)
    everything = linux.NEW_NS | linux.NEW_UTS | linux.NEW_IPC | linux.NEW_PID | linux.NEW_NET
    try:
        linux.unshare(linux.NEW_USER | everything)
        os.write(start, b"!")
    finally:
        os.close(start)
        status = os.waitstatus_to_exitcode(os.waitpid(mapper, 0)[1])
    if status > 0:
        raise OSError(status, f"uid_map: {os.strerror(status)}")
    first = os.fork()
    if first:
        os.closerange(0, 1024)
        os._exit(abs(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])))
    linux.prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    linux.set_host_name("sandbox")


def _write_maps_and_exit(ready: int, mapped: tuple[int | None, int, int]) -> None:
    # By a process of the outer user namespace: only there do we hold CAP_SETUID over the spare id.
    spare, uid, gid = mapped
    status = 0
    try:
        if os.read(ready, 1):
            own = "0 {0} 1\n{1} {2} 1\n" if spare is not None else "{1} {0} 1\n"
            if spare is None:
                _write(os.getppid(), "setgroups", "deny")
            _write(os.getppid(), "uid_map", own.format(uid, RUN_ID, spare))
            _write(os.getppid(), "gid_map", own.format(gid, RUN_ID, spare))
    except OSError as error:
        status = error.errno or 1
    os._exit(status)


def _write(process: int | str, name: str, text: str, *, proc: int | None = None) -> None:
    path = f"{process}/{name}"
    path = path if proc is not None else f"/proc/{path}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


class PidNamespaces:
    """Gives the next child of this process a pid namespace of its own, as its first process.

    Asking for a namespace, forking and joining the old one again spares the second fork that
    unshare(2) otherwise takes.
    """

    def __init__(self) -> None:
        self._own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def fork(self) -> int:
        """Like `os.fork`, into a new pid namespace."""
        linux.unshare(linux.NEW_PID)
        child = -1
        try:
            child = os.fork()
        finally:
            if child:
                linux.setns(self._own, linux.NEW_PID)
        return child


def own_namespaces(proc: int, *, become: bool, tmp_bytes: int) -> None:
    """Give a run's first process its user, mount and IPC namespace and an empty /tmp.

    Args:
        proc: A descriptor of the host's /proc.
        become: Whether to become the spare user first; else the ids stay.
        tmp_bytes: Size of /tmp.
    """
    if become:
        os.setgroups([])
        os.setresgid(RUN_ID, RUN_ID, RUN_ID)
        os.setresuid(RUN_ID, RUN_ID, RUN_ID)
    # Changing ids hides /proc/self from ourselves (prctl(2), PR_SET_DUMPABLE) until asked for.
    linux.prctl(_PR_SET_DUMPABLE, 1)
    linux.unshare(linux.NEW_USER | linux.NEW_NS | linux.NEW_IPC)
    _write("self", "setgroups", "deny", proc=proc)
    _write("self", "uid_map", f"{RUN_ID} {RUN_ID} 1", proc=proc)
    _write("self", "gid_map", f"{RUN_ID} {RUN_ID} 1", proc=proc)
    linux.prctl(_PR_SET_DUMPABLE, 0)
    linux.mount_tmpfs("/tmp", f"size={tmp_bytes},nr_inodes=4096,mode=700")
