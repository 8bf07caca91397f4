"""Looking at a block of Python: the rules in their order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from provenir.environments.code import (
    embedded,
    exits,
    files,
    patches,
    skips,
    state,
    tables,
    test_bodies,
    verdict,
)
from provenir.environments.code.hits import Hit
from provenir.environments.code.parsing import Budget, parse
from provenir.environments.code.program import TooLarge
from provenir.environments.code.reading import Reading
from provenir.environments.code.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provenir.environments.code.blocks import Block
    from provenir.environments.code.hits import Embedded
    from provenir.environments.code.request import Request

__all__ = ["read_python"]

_RULES: Final[tuple[Callable[[Reading], Iterator[Hit | Embedded]], ...]] = (
    exits.early_exits,
    exits.hard_exits,
    exits.exit_hooks,
    exits.killed_processes,
    embedded.run_sources,
    skips.swallowed_failures,
    skips.skipped_tests,
    skips.test_hooks,
    test_bodies.stopped_tests,
    test_bodies.hidden_test_files,
    patches.patched_names,
    patches.empty_checks,
    patches.shadowed_modules,
    state.always_equal,
    state.call_counters,
    state.frame_inspection,
    state.caller_globals,
    files.file_accesses,
    files.imported_answers,
    files.imported_cases,
    files.claimed_results,
    files.asked_elsewhere,
    files.background_writers,
    files.test_run_detection,
    files.web_lookups,
    verdict.pass_markers,
    verdict.nonfinite_rewards,
    tables.answer_tables,
)


_FAKES: Final = words(
    "always_equal call_counter exception_hook patched_builtin edits_tests shadow_module hard_exit "
    "frame_inspection detects_tests swallowed_failure patched_timer"
)
"""What a suite of tests does to what it tests: there it is information."""


def read_python(
    block: Block, request: Request, budget: Budget
) -> tuple[list[Hit | Embedded | Block], str]:
    """Return what the rules say of a block, and why it or part of it was not read."""
    parsed = parse(block, budget)
    if parsed.tree is None:
        return [], parsed.reason
    try:
        reading = Reading(block, parsed.tree, request)
        found: list[Hit | Embedded | Block] = [item for rule in _RULES for item in rule(reading)]
    except TooLarge:
        return [], "too large"
    except RecursionError:
        return [], "too deep"
    if block.added is None and found and _is_of_tests(reading):
        found = [_milder(item) for item in found]
    return found, "in part" if parsed.partial and not block.bare else ""


def _is_of_tests(reading: Reading) -> bool:
    """Whether a program is a suite of tests, or the tests that were asked for."""
    asked = reading.request.tests and skips.is_test_file(reading)
    return (asked and "assert" in reading.block.source) or skips.is_test_suite(reading)


def _milder(item: Hit | Embedded | Block) -> Hit | Embedded | Block:
    if isinstance(item, Hit) and item.rule in _FAKES:
        return replace(item, severity="info")
    return item
