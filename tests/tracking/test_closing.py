"""The end of a run: one odd part does not take the others with it."""

from __future__ import annotations

from pathlib import Path

import provenir


def folder(path: str, content: bytes) -> Path:
    Path(path).mkdir(parents=True)
    (Path(path) / "weights.bin").write_bytes(content)
    return Path(path)


def test_two_artifacts_of_one_name_are_told_apart():
    places = [folder("a/model", b"1"), folder("b/model", b"2"), folder("c/model", b"2")]
    with provenir.track("run", output_dir="out", sign_passport=True, signing_key=b"k") as run:
        for place in places:
            run.log_artifact(place)
    assert [part.name for part in run.bom.artifacts] == ["model", "model-2", "model-3"]
    for place in places:
        assert run.passport.verify(b"k", artifacts=[place])


def test_an_artifact_without_a_kind_is_a_model():
    with provenir.track("run", output_dir="out") as run:
        run.log_artifact(folder("model", b"1"), kind="")
    assert [part.kind for part in run.bom.artifacts] == ["model"]
