"""A lock between processes that a crash always releases.

`flock(2)` on a file that stays in place: the kernel drops the lock when its holder dies, however
it dies, so a lock that cannot be taken is held by a process that is alive. A forked child closes
its copy of the descriptor, or a data-loader worker that outlives its parent would keep the
parent's lock.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError, LockedError, UsageError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["FileLock"]

_POLL_S: Final = 0.02
_HOLDER_BYTES: Final = 64


class FileLock:
    """An exclusive lock named by a file; it excludes other objects, threads and processes.

    The file holds the process id of its holder as decimal text and is left in place when the lock
    is released: unlinking it would let two processes lock two files of one name.

    Args:
        path: The lock file; created when missing, its folder must exist.
        timeout_s: How long `with` waits, in seconds; None waits without end.
        mode: The file's permissions where it is made, as far as the umask leaves them.
    """

    def __init__(
        self, path: str | Path, *, timeout_s: float | None = None, mode: int = 0o644
    ) -> None:
        self.path = Path(path)
        self._mode = mode
        self._timeout_s = timeout_s
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self, blocking: bool = True, *, timeout_s: float | None = None) -> bool:
        """Take the lock.

        Args:
            blocking: Whether to wait for another holder.
            timeout_s: Longest wait in seconds where `blocking`; None waits without end.

        Returns:
            Whether the lock is now held.

        Raises:
            UsageError: This object holds it already.
            OSError: The file cannot be created or is no regular file, or its file system knows
                no locks.
        """
        if self.held:
            raise UsageError("the lock is held already", where=str(self.path))
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            wait = blocking and deadline is None
            descriptor = self._try(wait=wait)
            if descriptor is not None:
                self._keep(descriptor)
                return True
            # A blocking attempt without a result locked a file that was replaced: try the new one.
            if not wait:
                if not blocking or deadline is None or time.monotonic() >= deadline:
                    return False
                time.sleep(_POLL_S)

    def _try(self, *, wait: bool) -> int | None:
        """Return a locked descriptor of the file now at the path, or None."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(self.path, flags, self._mode)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "not a regular file", str(self.path))
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            current = self.path.stat(follow_symlinks=False)
            taken = os.path.samestat(os.fstat(descriptor), current)
        except (BlockingIOError, FileNotFoundError):
            taken = False  # held by another, or unlinked since it was opened
        except BaseException:
            os.close(descriptor)
            raise
        if taken:
            return descriptor
        os.close(descriptor)
        return None

    def _keep(self, descriptor: int) -> None:
        self._descriptor = descriptor
        _HELD.add(self)
        _watch_forks()
        # Who holds it is a courtesy to the reader of an error: a full disk must not cost the lock.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)

    def release(self) -> None:
        """Let the lock go; does nothing when it is not held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        _HELD.discard(self)
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
        # Closing alone would leave the lock to a child that was forked and still runs.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)

    def holder(self) -> str | None:
        """Return the process id that the file names, as text, or None where it names none."""
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # waits for no writer
        try:
            descriptor = os.open(self.path, flags)
        except OSError:
            return None
        try:
            data = os.pread(descriptor, _HOLDER_BYTES, 0)
        except OSError:
            return None  # a folder or a FIFO: nobody's lock
        finally:
            os.close(descriptor)
        text = data.decode("ascii", "replace").strip()
        return text if text.isdecimal() else None

    def __enter__(self) -> FileLock:
        """Take the lock, waiting up to the object's `timeout_s`.

        Raises:
            LockedError: It was not to be had in time.
            InputError: The lock file cannot be created.
        """
        try:
            taken = self.acquire(timeout_s=self._timeout_s)
        except OSError as error:
            raise InputError(
                f"cannot lock: {error.strerror}",
                where=str(self.path),
                mend="make its folder one that you can write in, or choose another",
            ) from error
        if not taken:
            raise LockedError(
                f"locked by process {self.holder() or 'unknown'}",
                where=str(self.path),
                mend="wait for that process or end it",
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def __reduce_ex__(self, protocol: object) -> Any:
        """Refuse to be copied or pickled: the end of a copy would release the original.

        Raises:
            TypeError: Always, as for any object that stands for something in the system.
        """
        raise TypeError("a lock cannot be copied or pickled")

    def __del__(self) -> None:
        # A lock that nobody can release any more must not outlive its last reference.
        if getattr(self, "_descriptor", None) is not None:
            self.release()

    def _forget(self) -> None:
        """In a forked child: close the copied descriptor; the parent keeps the lock."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(descriptor)


_HELD: Final[weakref.WeakSet[FileLock]] = weakref.WeakSet()
_watching = False


def _watch_forks() -> None:
    """Have forked children close their copies, from the first lock on."""
    global _watching
    if not _watching:
        os.register_at_fork(after_in_child=_forget_all)
        _watching = True


def _forget_all() -> None:
    for lock in list(_HELD):
        lock._forget()
    _HELD.clear()
