from __future__ import annotations

import io
from collections import UserDict, UserList, deque
from typing import TYPE_CHECKING, Any

import pytest

from provenir.core.errors import InputError, UsageError
from provenir.data import Dataset
from provenir.data.reading import Reading
from provenir.data.sources import Subset, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("given", [ROWS, tuple(ROWS), deque(ROWS), UserList(ROWS)])
def test_any_sequence_of_mappings_is_rows(given: Any) -> None:
    assert list(resolve(given).read(Reading())) == ROWS


def test_rows_may_be_any_mapping() -> None:
    assert list(resolve([UserDict(a=1)]).read(Reading())) == [{"a": 1}]


def test_a_row_that_is_no_mapping_is_refused_with_its_number() -> None:
    with pytest.raises(InputError, match="type tuple") as error:
        list(resolve([{"a": 1}, ("a", 1)]).read(Reading()))
    assert error.value.where == "row 1"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "list of dicts"),
        (17, "list of dicts"),
        (len, "list of dicts"),
        ([1, 2], "first one is of type int"),
        (range(3), "first one is of type int"),
        ([("a", 1)], "first one is of type tuple"),
        (b"x.jsonl", "path of the file"),
        (io.BytesIO(b"{}"), "path of the file"),
        ({"train": ROWS, "test": ROWS}, r"source\['train'\]"),
        ({"prompt": ["x"], "answer": ["y"]}, "from_dict"),
        ({"prompt": "x", "answer": "y"}, r"\[row\]"),
        ({}, r"\[row\]"),
    ],
)
def test_what_is_no_data_set_is_refused_with_the_mend(given: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        resolve(given)


def test_an_open_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("{}")
    with (tmp_path / "x.jsonl").open() as file, pytest.raises(UsageError, match="path of the file"):
        resolve(file)


def test_paths_and_rows_do_not_mix(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("{}")
    with pytest.raises(UsageError, match="paths and a dict"):
        resolve([tmp_path / "x.jsonl", {"a": 1}])
    with pytest.raises(InputError, match="a row must be a dict"):
        list(resolve([{"a": 1}, tmp_path / "x.jsonl"]).read(Reading()))


class Once:
    """An iterable that counts how often it was asked."""

    asked = 0

    def __iter__(self) -> Iterator[dict[str, int]]:
        self.asked += 1
        return iter(ROWS)


class Indexed:
    """What a map-style data set looks like to a trainer."""

    asked = 0

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> dict[str, int]:
        self.asked += 1
        return ROWS[index]


@pytest.mark.parametrize("kind", [Once, Indexed])
def test_what_computes_its_rows_is_never_asked(kind: type[Once | Indexed]) -> None:
    source = kind()
    identity = Dataset(source).identity()
    assert not identity.known
    assert "never consumed" in (identity.reason or "")
    assert source.asked == 0


def test_a_generator_is_never_consumed() -> None:
    generator = (row for row in ROWS)
    dataset = Dataset(generator)
    identity = dataset.identity()
    assert (identity.records_root, identity.n, identity.known) == (None, None, False)
    assert [finding.kind for finding in identity.findings] == ["unknown_identity"]
    assert not dataset.readable
    with pytest.raises(UsageError, match="never consumed"):
        dataset.rows()
    assert list(generator) == ROWS


def test_torch_data_sets_and_loaders_are_never_read() -> None:
    torch_data = pytest.importorskip("torch.utils.data", reason="extra train")

    class Rows(torch_data.Dataset):  # type: ignore[misc, name-defined]
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            raise AssertionError("read")

    for source in (Rows(), torch_data.DataLoader(Rows()), torch_data.Subset(Rows(), [0])):
        assert "computes its rows when asked" in (Dataset(source).identity().reason or "")


class TestHuggingFace:
    def test_streams_are_never_consumed_and_splits_are_refused(self) -> None:
        datasets = pytest.importorskip("datasets", reason="extra train")
        whole = datasets.Dataset.from_list(ROWS)
        stream = whole.to_iterable_dataset()
        assert "IterableDataset" in (Dataset(stream).identity().reason or "")
        for splits in (
            datasets.DatasetDict(train=whole, test=whole),
            datasets.IterableDatasetDict(train=stream),
        ):
            with pytest.raises(UsageError, match=r"source\['train'\]"):
                Dataset(splits)

    def test_selection_order_and_format_are_those_of_the_data_set(self) -> None:
        datasets = pytest.importorskip("datasets", reason="extra train")
        rows = [{"a": i, "b": str(i)} for i in range(3000)]
        whole = datasets.Dataset.from_list(rows)
        want = Dataset(rows[::-2]).identity().records_root
        picked = whole.select(range(2999, -1, -2))
        assert Dataset(picked).identity().records_root == want
        assert Dataset(picked.with_format("numpy")).identity().records_root == want
        assert list(Dataset(picked)) == rows[::-2]

    def test_a_transform_is_not_applied_and_named(self) -> None:
        datasets = pytest.importorskip("datasets", reason="extra train")
        whole = datasets.Dataset.from_list(ROWS)
        plain = Dataset(whole).identity()
        whole.set_transform(lambda batch: {"a": [0] * len(batch["a"])})
        identity = Dataset(whole).identity()
        assert identity.records_root == plain.records_root
        assert [finding.kind for finding in identity.findings] == ["transform_not_applied"]

    def test_json_features_are_read_as_values(self) -> None:
        datasets = pytest.importorskip("datasets", reason="extra train")
        if not hasattr(datasets, "Json"):
            pytest.skip("this release of datasets has no Json feature")
        rows = [{"a": 1}, {"a": {"q": [1, "z"]}}, {"a": None}]
        mixed = datasets.Dataset.from_list(rows, on_mixed_types="use_json")
        assert Dataset(mixed).identity().records_root == Dataset(rows).identity().records_root


def test_a_file_that_vanished_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("{}")
    dataset = Dataset(tmp_path / "x.jsonl")
    (tmp_path / "x.jsonl").unlink()
    for use in (dataset.identity, lambda: list(dataset), lambda: dataset.size):
        with pytest.raises(InputError, match=r"x\.jsonl"):
            use()


def test_a_subset_leaves_rows_out_and_keeps_the_order(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"n": 0}\n{"n": 1}\n{"n": 2}\n')
    rows = Dataset(Subset(resolve(path), frozenset({1})), license="mit")
    assert list(rows) == list(rows) == [{"n": 0}, {"n": 2}]
    identity = rows.identity()
    assert identity.records_root == Dataset([{"n": 0}, {"n": 2}]).identity().records_root
    assert identity.files == ()
