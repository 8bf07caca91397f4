from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fakes import Scalar
from provenir.core.digest import digest_bytes
from provenir.core.errors import DocumentError
from provenir.governance.bom import (
    ArtifactComponent,
    CodeComponent,
    DataComponent,
    EvalComponent,
    FlightSummary,
    HackingSummary,
    ModelBOM,
    RunSummary,
)
from strategies import finite_floats, json_objects, unicode_text

DIGEST = digest_bytes(b"x")
names = unicode_text.filter(bool)
digests = st.binary(max_size=4).map(digest_bytes)
counts = st.integers(0, 2**53 - 1)
kinds = st.dictionaries(unicode_text, counts, max_size=3)

data_components = st.builds(
    DataComponent,
    name=names,
    content_hash=st.none() | digests,
    num_records=st.none() | counts,
    license=st.none() | unicode_text,
    pii_scanned=st.booleans(),
    contamination_checked=st.booleans(),
    role=st.sampled_from(["train", "eval"]),
    pii_report=st.none() | digests,
)
evals = st.builds(
    EvalComponent,
    benchmark=names,
    score=st.none() | finite_floats,
    contaminated=st.none() | st.booleans(),
    n=st.none() | counts,
    judge=st.none() | unicode_text,
    judge_calibrated=st.none() | st.booleans(),
    meta=json_objects,
)
boms = st.builds(
    ModelBOM,
    model_id=names,
    base_model=names,
    run_id=st.none() | names,
    data=st.lists(data_components, max_size=2),
    code=st.none()
    | st.builds(CodeComponent, git_sha=st.none() | names, dependencies_hash=st.none() | digests),
    evals=st.lists(evals, max_size=2),
    hyperparameters=json_objects,
    run=st.none() | st.builds(RunSummary, name=names, status=st.just("completed"), findings=kinds),
    flight=st.none()
    | st.builds(
        FlightSummary,
        num_steps=counts,
        verdict=st.sampled_from(["HEALTHY", "UNKNOWN", "CRITICAL"]),
        by_kind=kinds,
    ),
    hacking=st.none()
    | st.builds(
        HackingSummary,
        num_trajectories=counts,
        hacking_rate=st.none() | st.floats(0, 1),
        is_clean=st.booleans(),
        by_kind=kinds,
    ),
)


@given(boms)
@settings(max_examples=60)
def test_a_bom_reads_back_as_it_was_written(bom):
    again = ModelBOM.from_bytes(bom.to_bytes(), where="test")
    assert again == bom
    assert again.to_bytes() == bom.to_bytes()
    assert again.risk_flags() == bom.risk_flags()


@pytest.mark.parametrize("number", [1e15, 1e16, 1e20, 2.0**60, -1e18, 1e21, 1e300])
def test_floats_that_look_like_huge_integers_survive(number):
    bom = ModelBOM(model_id="m", hyperparameters={"x": number, "deep": [{"y": number}]})
    again = ModelBOM.from_bytes(bom.to_bytes(), where="test")
    assert again.hyperparameters == {"x": number, "deep": [{"y": number}]}
    assert again.digest() == bom.digest()


def test_what_training_scripts_hold_becomes_json():
    bom = ModelBOM(
        model_id="m", hyperparameters={"path": PurePosixPath("a/b"), "lr": Scalar(0.5), "t": (1, 2)}
    )
    assert bom.hyperparameters["lr"] == 0.5
    assert bom.hyperparameters["t"] == [1, 2]
    ModelBOM.from_bytes(bom.to_bytes(), where="test")


def _nested(levels: int) -> dict:
    value: dict = {}
    for _ in range(levels):
        value = {"a": value}
    return value


def _cyclic() -> dict:
    value: dict = {}
    value["self"] = value
    return value


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 2**60, 10**400, "\ud800", _nested(100), _nested(2000), _cyclic()],
    ids=["nan", "inf", "2^60", "10^400", "surrogate", "deep", "very-deep", "cyclic"],
)
def test_what_json_would_lose_is_refused(value):
    with pytest.raises(ValidationError):
        ModelBOM(model_id="m", hyperparameters={"x": value})


@pytest.mark.parametrize(
    ("component", "fields"),
    [
        (DataComponent, {"name": ""}),
        (DataComponent, {"name": "a", "content_hash": "md5:abc"}),
        (DataComponent, {"name": "a", "content_hash": "sha256:" + "A" * 64}),
        (DataComponent, {"name": "a", "num_records": -1}),
        (DataComponent, {"name": "a", "licence": "mit"}),
        (EvalComponent, {"benchmark": "a", "score": float("nan")}),
        (EvalComponent, {"benchmark": "a"}),
        (RunSummary, {"name": "a", "status": "fine"}),
        (HackingSummary, {"num_trajectories": 1, "is_clean": True, "hacking_rate": 1.5}),
        (ArtifactComponent, {"name": "a", "dir_hash": "0" * 64, "files": [], "n_tensors": 3}),
        (ArtifactComponent, {"name": "a", "dir_hash": "x", "files": []}),
        (ModelBOM, {"model_id": "\ud800"}),
        (ModelBOM, {"model_id": "m", "unknown": 1}),
    ],
)
def test_misuse_is_refused_at_construction(component, fields):
    with pytest.raises(ValueError, match="validation error"):
        component(**fields)


def test_two_artifacts_cannot_share_a_name():
    artifact = ArtifactComponent(name="a", dir_hash="0" * 64, files=[])
    with pytest.raises(ValueError, match="one name"):
        ModelBOM(model_id="m", artifacts=[artifact, artifact])


def test_a_bom_is_immutable(seed_bom):
    with pytest.raises(ValidationError):
        seed_bom.model_id = "other"
    with pytest.raises(ValidationError):
        seed_bom.evals[0].score = 0.99
    with pytest.raises(TypeError):
        seed_bom.evals[0] = EvalComponent(benchmark="x", score=1.0)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[]",
        b'{"schema_version":"model-bom/2","model_id":"m"}',
        b'{"schema_version":"model-bom/1","model_id":1}',
        b'{"schema_version":"model-bom/1","model_id":"m","data":[{"name":"a","pii_scanned":"yes"}]}',
        b'{"schema_version":"model-bom/1","model_id":"m","evals":[{"benchmark":"a","score":"1"}]}',
        b'{"schema_version":"model-bom/1","model_id":"m","model_id":"m"}',
        b'{"schema_version":"model-bom/1","model_id":"m","extra":null}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_foreign_bytes_are_refused_in_one_line(text):
    with pytest.raises(DocumentError) as caught:
        ModelBOM.from_bytes(text, where="bom.json")
    assert "\n" not in str(caught.value)
