"""Run ids: any name in, a safe name out."""

from __future__ import annotations

import pytest
from hypothesis import given

from fakes import fixed_clock
from provenir.core.errors import InputError, UsageError
from provenir.core.ids import check_file_id, is_run_id, new_run_id
from strategies import any_text, hostile_names


def test_form() -> None:
    run_id = new_run_id("My Run/1", clock=fixed_clock(), token="0123abcd")
    assert run_id == "my-run-1-20260102T030405Z-0123abcd"


@given(any_text | hostile_names)
def test_any_name_gives_a_safe_id(name: str) -> None:
    run_id = new_run_id(name, clock=fixed_clock())
    assert is_run_id(run_id)
    assert check_file_id(run_id) == run_id
    assert len(run_id) <= 48 + 1 + 16 + 1 + 8


def test_ids_of_one_second_differ() -> None:
    clock = fixed_clock(step_s=0.0)
    assert len({new_run_id("x", clock=clock) for _ in range(50)}) == 50


@pytest.mark.parametrize("token", ["", "0123ABCD", "0123abc", "0123abcde", "../../ab"])
def test_a_token_has_eight_digits(token: str) -> None:
    with pytest.raises(UsageError):
        new_run_id("x", clock=fixed_clock(), token=token)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "-x-20260102T030405Z-0123abcd",
        "X-20260102T030405Z-0123abcd",
        "x-20260102T030405Z-0123abcd\n",
        "x-20260102T030405-0123abcd",
        "../x-20260102T030405Z-0123abcd",
        "x" * 49 + "-20260102T030405Z-0123abcd",
        "x-\u0662\u0660260102T030405Z-0123abcd",
    ],
)
def test_other_forms_are_no_run_ids(text: str) -> None:
    assert not is_run_id(text)


@pytest.mark.parametrize("text", ["a", "A.b_c-9", "wandb.run.1", "x" * 128])
def test_foreign_ids_that_can_name_a_file(text: str) -> None:
    assert check_file_id(text) == text


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a/b", "/a", "-rf", ".hidden", "a..b", "a\x00", "a\n", "é", "x" * 129]
)
def test_ids_that_could_leave_the_folder(text: str) -> None:
    with pytest.raises(InputError, match="cannot be an id"):
        check_file_id(text)
