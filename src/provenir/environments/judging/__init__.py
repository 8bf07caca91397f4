"""Judging: the verdict on a program, reached in a process that the program cannot reach.

The *judge* runs the test code; the *candidate* runs the code that is tested. They are two processes
behind walls of their own, joined by one channel on which plain values, exceptions, handles and
call-backs travel (`values`, `peer`). The verdict leaves the judge on a pipe that only it holds.

`wire`, `values`, `heap`, `peer`, `mirror`, `candidate`, `judge` and what they import run inside the
sandbox: they use the standard library alone.
"""

__all__: list[str] = []
