"""A seccomp filter: system calls that a program behind walls has no use for fail with EPERM.

The filter is a classic BPF program over `struct seccomp_data` (seccomp(2)). A call through another
architecture's table kills the process, and one through x32's fails: the numbers mean something else
there. `clone3` fails with ENOSYS, for its flags lie in memory that a filter cannot read; the C
library then takes `clone`, whose flags are checked.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from provenir.environments.sandbox.inside import linux

__all__ = ["confine", "supported"]

_PR_SET_SECCOMP, _FILTER = 22, 2
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF_0000, 0x0005_0000, 0x8000_0000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32 = 0x4000_0000
_NAMESPACES = 0x7E02_0000  # every CLONE_NEW* flag that clone(2) takes
_PR_SET_PDEATHSIG = 1
_TERMINAL_INPUT = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_AF_UNIX = 1
# SOCK_STREAM is 1 and SOCK_SEQPACKET 5; every type that is addressed by message has one of these.
_NOT_A_STREAM = 0b1010
_SO_SNDBUF = 7

_AUDIT = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
# Numbers on x86_64 and aarch64; 0 where an architecture lacks the call (asm/unistd.h).
_DENIED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "iopl": (172, 0),
    "ioperm": (173, 0),
    "modify_ldt": (154, 0),
    "personality": (135, 92),
    "vhangup": (153, 58),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # Memory that no limit counts.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
}
# Without a pid namespace: a session of its own would take a program out of the group that is
# killed, and the caller's processes could be slowed.
_DENIED_WITHOUT_PID_NAMESPACE = {
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
}
_SIGNALS = {"kill": (62, 129), "tgkill": (234, 131)}
_SIGNALS_UNADDRESSED = {
    "tkill": (200, 130),
    "pidfd_send_signal": (424, 424),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
}
_CHECKED = {
    "clone": (56, 220),
    "clone3": (435, 435),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "ioctl": (16, 29),
    "socketpair": (53, 199),
    "setsockopt": (54, 208),
}


def supported() -> bool:
    """Whether the filter is written for this machine's architecture."""
    return os.uname().machine in _AUDIT


def confine(*, pid_namespace: bool, signals_scoped: bool) -> None:
    """Put the filter on this process and on all that it starts; `no_new_privs` has to be set.

    Args:
        pid_namespace: Whether a pid namespace holds the program in already.
        signals_scoped: Whether signals to processes outside are refused by other means; else a
            program may signal itself alone.

    Raises:
        OSError: The kernel refuses filters.
        LookupError: An architecture that the filter is not written for.
    """
    machine = os.uname().machine
    if machine not in _AUDIT:
        raise LookupError(f"no seccomp filter for {machine}")
    own = None if pid_namespace or signals_scoped else os.getpid()
    code = b"".join(_program(machine, pid_namespace=pid_namespace, own_pid=own))
    buffer = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: a length, and the address that it is followed by after padding.
    program = struct.pack("HL", len(code) // 8, ctypes.addressof(buffer))
    held = ctypes.create_string_buffer(program, len(program))
    linux.prctl_pointer(_PR_SET_SECCOMP, _FILTER, ctypes.addressof(held))


def _program(machine: str, *, pid_namespace: bool, own_pid: int | None) -> list[bytes]:
    column = list(_AUDIT).index(machine)
    denied = dict(_DENIED)
    if not pid_namespace:
        denied |= _DENIED_WITHOUT_PID_NAMESPACE
    if own_pid is not None:
        denied |= _SIGNALS_UNADDRESSED
    code = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, _AUDIT[machine], 1, 0),
        _step(_RETURN, _KILL_PROCESS),
        _step(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":
        code += [_step(_AT_LEAST, _X32, 0, 1), _refuse(errno.EPERM)]
    for numbers in denied.values():
        if numbers[column]:
            code += [_step(_EQUAL, numbers[column], 0, 1), _refuse(errno.EPERM)]
    call = {name: numbers[column] for name, numbers in _CHECKED.items()}
    code += [_step(_EQUAL, call["clone3"], 0, 1), _refuse(errno.ENOSYS)]
    code += _argument(call["clone"], 0, [_step(_ANY_BIT, _NAMESPACES, 0, 1), _refuse(errno.EPERM)])
    code += _argument(call["prctl"], 0, _refuse_values((_PR_SET_PDEATHSIG,)))
    code += _argument(call["ioctl"], 1, _refuse_values(_TERMINAL_INPUT))
    # A datagram names its receiver in memory, so it could reach sockets that nobody handed over:
    # those of another run of this warden, or at S1 those of the host.
    stream = [_step(_ANY_BIT, _NOT_A_STREAM, 0, 1), _refuse(errno.EPERM)]
    code += _argument(call["socketpair"], 1, stream)
    code += _argument(call["socketpair"], 0, [_step(_EQUAL, _AF_UNIX, 1, 0), _refuse(errno.EPERM)])
    # What a socket may hold is the kernel's memory, which `usage` counts at its default size.
    code += _argument(call["setsockopt"], 2, _refuse_values((_SO_SNDBUF,)))
    # The limits of other processes of ours.
    code += _argument(call["prlimit64"], 0, [_step(_EQUAL, 0, 1, 0), _refuse(errno.EPERM)])
    if own_pid is not None:
        for numbers in _SIGNALS.values():
            other = [_step(_EQUAL, own_pid, 1, 0), _refuse(errno.EPERM)]
            code += _argument(numbers[column], 0, other)
    code.append(_step(_RETURN, _ALLOW))
    return code


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _refuse(number: int) -> bytes:
    return _step(_RETURN, _ERRNO | number)


def _refuse_values(values: tuple[int, ...]) -> list[bytes]:
    code = []
    for value in values:
        code += [_step(_EQUAL, value, 0, 1), _refuse(errno.EPERM)]
    return code


def _argument(number: int, place: int, checks: list[bytes]) -> list[bytes]:
    """Run `checks` on the low half of an argument of one call; the number is loaded again after."""
    body = [_step(_LOAD, _ARGUMENTS + 8 * place), *checks, _step(_LOAD, _NUMBER)]
    return [_step(_EQUAL, number, 0, len(body)), *body]
