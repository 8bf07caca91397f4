from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from provenir.core.errors import InputError, UsageError
from provenir.data import Dataset, as_dataset

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [{"prompt": "1+1", "answer": "2"}, {"prompt": "2+2", "answer": "4", "note": None}]


def test_declarations_are_carried_for_the_bill_of_materials() -> None:
    dataset = Dataset(
        ROWS,
        name="sums",
        license="CC-BY-4.0",
        pii_scanned=True,
        contamination_checked=True,
        consent={"basis": "own work"},
    )
    assert dataset.declarations() == {
        "name": "sums",
        "license": "CC-BY-4.0",
        "pii_scanned": True,
        "contamination_checked": True,
        "consent": {"basis": "own work"},
    }


def test_nothing_is_declared_by_default(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("{}\n")
    dataset = Dataset(tmp_path / "train.jsonl")
    assert dataset.declarations() == {
        "name": "train.jsonl",
        "license": None,
        "pii_scanned": False,
        "contamination_checked": False,
        "consent": None,
    }
    assert Dataset(tmp_path).name == tmp_path.name
    assert Dataset([tmp_path / "train.jsonl"]).name == tmp_path.name
    assert Dataset(ROWS).name == "records"


@pytest.mark.parametrize(
    "wrong",
    [
        {"pii_scanned": "yes"},
        {"pii_scanned": None},
        {"contamination_checked": 1},
        {"strict": 1},
        {"license": 4},
        {"name": 4},
        {"consent": 4},
        {"fields": "prompt"},
        {"fields": []},
        {"fields": [1]},
        {"fields": 1},
    ],
)
def test_wrong_arguments_are_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Dataset(ROWS, **wrong)


def test_a_dataset_is_read_as_often_as_wanted() -> None:
    dataset = Dataset(ROWS)
    assert list(dataset) == list(dataset.rows()) == ROWS
    assert dataset.identity() == dataset.identity()


def test_as_dataset_keeps_a_dataset_and_wraps_the_rest() -> None:
    dataset = Dataset(ROWS, name="sums")
    assert as_dataset(dataset) is dataset
    assert as_dataset(ROWS).source is ROWS
    relabelled = Dataset(dataset, license="MIT")
    assert (relabelled.source, relabelled.license) == (ROWS, "MIT")


def test_fields_narrow_rows_and_identity() -> None:
    dataset = Dataset(ROWS, fields=["answer", "note"])  # type: ignore[arg-type]
    assert list(dataset) == [{"answer": "2"}, {"answer": "4", "note": None}]
    assert dataset.identity().fields == ("answer", "note")
    narrow = Dataset([{"answer": "2"}, {"answer": "4"}])
    assert dataset.identity().records_root == narrow.identity().records_root


def test_a_field_that_no_row_has_is_refused() -> None:
    with pytest.raises(InputError, match="'reply'"):
        Dataset(ROWS, fields=("answer", "reply")).identity()
    assert Dataset([], fields=("reply",)).identity().n == 0


def test_the_repr_shows_no_rows() -> None:
    assert repr(Dataset(ROWS, name="sums")) == "Dataset('sums', records)"


def test_reading_a_list_imports_no_library_of_an_extra() -> None:
    code = (
        "import sys; from provenir.data import Dataset; Dataset([{'a': 1}]).identity();"
        "bad = {'numpy', 'pandas', 'pyarrow', 'zstandard', 'torch', 'datasets', 'pydantic'};"
        "sys.exit(', '.join(sorted(bad & set(sys.modules))) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
