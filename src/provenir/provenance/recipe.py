"""What it takes to start a recorded run again, as a table and as shell lines."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from provenir.core.text import printable
from provenir.provenance.flags import (
    DETERMINISM_FLAGS,
    THREAD_VARIABLES,
    kernel_determinism_flags,
)

if TYPE_CHECKING:
    from provenir.core.manifest import RunManifest

__all__ = ["ReplayRecipe", "build_recipe"]

_OBSERVED_VARIABLE: Final = "env."


class ReplayRecipe(Mapping[str, Any]):
    """A read-only mapping that can also be written as shell lines.

    Keys: `run_id seed config_hash dataset_hash git_sha dependencies_lockfile fingerprint
    env_flags`. `fingerprint` is the recorded table; `env_flags` the variables that the run was
    seen with, completed by `kernel_determinism_flags`.
    """

    def __init__(self, items: Mapping[str, Any]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"ReplayRecipe({self._items!r})"

    def shell(self) -> str:
        """Return lines for a POSIX shell: facts as comments, then checkout and variables.

        The training command is the user's own; it is not recorded.
        """
        lines = [f"# replay of {_comment(self['run_id'])}"]
        lines += [
            f"# {key}: {_comment(self[key])}"
            for key in ("config_hash", "dataset_hash", "dependencies_lockfile", "seed")
        ]
        git = _table(_table(self["fingerprint"], "compared"), "git")
        if self["git_sha"] is None:
            lines.append("# the code was not under git: its state is unknown")
        else:
            lines.append(f"git checkout {shlex.quote(str(self['git_sha']))}")
        if git.get("dirty"):
            lines.append(
                "# tracked files differed from that commit; digest of the difference: "
                + _comment(git.get("diff_digest"))
            )
        lines += [f"export {name}={shlex.quote(v)}" for name, v in self["env_flags"].items()]
        lines.append("# now start the same training command with the seed above")
        return "\n".join(lines) + "\n"


def build_recipe(manifest: RunManifest) -> ReplayRecipe:
    """Return the recipe of a manifest."""
    return ReplayRecipe(
        {
            "run_id": manifest.run_id,
            "seed": manifest.seed,
            "config_hash": manifest.config_hash,
            "dataset_hash": manifest.dataset_hash,
            "git_sha": manifest.git_sha,
            "dependencies_lockfile": manifest.dependencies_lockfile,
            "fingerprint": manifest.fingerprint,
            "env_flags": _env_flags(_table(manifest.fingerprint, "observed")),
        }
    )


def _env_flags(observed: Mapping[str, Any]) -> dict[str, str]:
    """Determinism variables; what the run itself was seen with goes first."""
    threads = observed.get("torch.threads")
    flags = kernel_determinism_flags(threads if type(threads) is int and threads > 0 else None)
    ours = {*(flag.name for flag in DETERMINISM_FLAGS), *THREAD_VARIABLES}
    for name in ours:
        value = observed.get(_OBSERVED_VARIABLE + name)
        if isinstance(value, str):
            flags[name] = value
    return dict(sorted(flags.items()))


def _table(value: object, key: str) -> Mapping[str, Any]:
    inner = value.get(key) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def _comment(value: object) -> str:
    return "none" if value is None else printable(str(value), max_chars=200)
