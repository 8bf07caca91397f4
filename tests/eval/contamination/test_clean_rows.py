"""What is written is the rows that were examined and hold nothing, byte for byte."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("numpy", reason="a check needs the extra data")

from provenir.core.errors import InputError, UsageError
from provenir.eval.contamination import ContaminationChecker
from provenir.eval.contamination.clean_rows import write_clean_rows

QUESTION = (
    "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in "
    "May. How many clips did Natalia sell altogether in April and May?"
)
LEAK = json.dumps({"text": QUESTION}).encode()


def check(train):
    return ContaminationChecker().check_datasets(train, {"eval": [{"question": QUESTION}]})


def test_the_bytes_stay_whatever_the_files_look_like(tmp_path):
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    first.write_bytes(b'\xef\xbb\xbf{"t":  "one"}\r\n\r\n' + LEAK + b'\n{"t": "\\u0041"}')
    second.write_bytes(LEAK + b"\n{broken\n" + b'{"t": 1.0, "u": "e"}\n')
    train = [str(first), str(second)]
    report = check(train)
    out = tmp_path / "out.jsonl"
    assert write_clean_rows(train, report, out) == 3
    assert out.read_bytes() == b'{"t":  "one"}\r\n{"t": "\\u0041"}\n{"t": 1.0, "u": "e"}\n'
    with pytest.raises(UsageError, match="never overwritten"):
        write_clean_rows(train, report, out)


def test_other_data_and_other_formats_are_refused(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(LEAK + b"\n")
    report = check(path)
    with pytest.raises(UsageError, match="plain JSON lines"):
        write_clean_rows(path, report, tmp_path / "out.parquet")
    with pytest.raises(UsageError, match="JSON lines"):
        write_clean_rows([{"text": QUESTION}], report, tmp_path / "out.jsonl")
    path.write_bytes(LEAK + b"\n{}\n")
    with pytest.raises(InputError, match="other data"):
        write_clean_rows(path, report, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()
