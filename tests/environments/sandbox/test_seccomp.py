"""The filter, run by an interpreter of classic BPF that knows nothing of how it was made."""

from __future__ import annotations

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.environments.sandbox.inside import seccomp

ALLOW, KILL = 0x7FFF_0000, 0x8000_0000
EPERM, ENOSYS = 0x5_0000 | errno.EPERM, 0x5_0000 | errno.ENOSYS
AUDIT = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
PID = 4242


def verdict(program, *, number, architecture, arguments=()):
    """What the kernel's interpreter would return (net/core/filter.c)."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<iIQ6Q", number, architecture, 0, *padded)
    register, at = 0, 0
    while True:
        code, if_true, if_false, value = struct.unpack("<HBBI", program[at])
        at += 1
        if code == 0x20:
            (register,) = struct.unpack_from("<I", data, value)
        elif code == 0x06:
            return value
        else:
            holds = {
                0x15: register == value,
                0x35: register >= value,
                0x45: bool(register & value),
            }[code]
            at += if_true if holds else if_false


@pytest.fixture(scope="module", params=[(m, ns) for m in AUDIT for ns in (True, False)], ids=str)
def built(request):
    machine, pid_namespace = request.param
    own = None if pid_namespace else PID
    return (
        machine,
        pid_namespace,
        seccomp._program(machine, pid_namespace=pid_namespace, own_pid=own),
    )


def numbers(machine, table):
    return {name: pair[list(AUDIT).index(machine)] for name, pair in table.items()}


def test_every_call_is_refused_or_allowed_as_the_table_says(built):
    machine, pid_namespace, program = built
    denied = set(numbers(machine, seccomp._DENIED).values()) - {0}
    if not pid_namespace:
        denied |= set(numbers(machine, seccomp._DENIED_WITHOUT_PID_NAMESPACE).values())
        denied |= set(numbers(machine, seccomp._SIGNALS_UNADDRESSED).values())
    checked = set(numbers(machine, seccomp._CHECKED).values())
    checked |= set(numbers(machine, seccomp._SIGNALS).values())
    assert not denied & checked
    for number in range(600):
        if number not in checked:
            found = verdict(program, number=number, architecture=AUDIT[machine])
            assert found == (EPERM if number in denied else ALLOW), number


def test_another_architecture_ends_the_process(built):
    machine, _, program = built
    for architecture in (0x4000_0003, 0, *set(AUDIT.values()) - {AUDIT[machine]}):
        assert verdict(program, number=1, architecture=architecture) == KILL


def test_arguments_decide(built):
    machine, pid_namespace, program = built
    call = numbers(machine, seccomp._CHECKED) | numbers(machine, seccomp._SIGNALS)

    def asked(name, *arguments):
        return verdict(program, number=call[name], architecture=AUDIT[machine], arguments=arguments)

    assert asked("clone3") == ENOSYS
    assert asked("clone", 17) == ALLOW
    assert asked("clone", 0x3D_0F00) == ALLOW  # a thread
    for bit in (17, 25, 26, 27, 28, 29, 30):
        assert asked("clone", 17 | 1 << bit) == EPERM
    assert [asked("prctl", option) for option in (1, 2, 15)] == [EPERM, ALLOW, ALLOW]
    assert [asked("ioctl", 1, request) for request in (0x5412, 0x541C)] == [EPERM, EPERM]
    assert asked("ioctl", 0x5412, 0x5401) == ALLOW
    assert [asked("prlimit64", pid) for pid in (0, 1, PID)] == [ALLOW, EPERM, EPERM]
    for kind, found in ((1, ALLOW), (5, ALLOW), (2, EPERM), (3, EPERM), (10, EPERM)):
        for flags in (0, 0x800, 0x8_0000, 0x8_0800):  # SOCK_NONBLOCK, SOCK_CLOEXEC
            assert asked("socketpair", 1, kind | flags) == found
    assert [asked("socketpair", family, 1) for family in (2, 16, 30)] == [EPERM] * 3
    assert [asked("setsockopt", 3, 1, option) for option in (7, 16)] == [EPERM, ALLOW]
    others = ALLOW if pid_namespace else EPERM
    assert [asked("kill", pid) for pid in (PID, 1, 0xFFFF_FFFF)] == [ALLOW, others, others]
    assert [asked("tgkill", pid) for pid in (PID, 1)] == [ALLOW, others]


@given(st.integers(0x4000_0000, 0x7FFF_FFFF))
def test_the_x32_table_is_refused(number):
    program = seccomp._program("x86_64", pid_namespace=True, own_pid=None)
    assert verdict(program, number=number, architecture=AUDIT["x86_64"]) == EPERM


@given(
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 2**64 - 1), max_size=6),
)
def test_every_program_comes_to_an_end(number, architecture, arguments):
    for machine in AUDIT:
        program = seccomp._program(machine, pid_namespace=False, own_pid=PID)
        found = verdict(program, number=number, architecture=architecture, arguments=arguments)
        assert found in (ALLOW, EPERM, ENOSYS, KILL)
