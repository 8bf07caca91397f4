"""How long a training is, and where its records lie."""

from __future__ import annotations

import math
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

import governed_runs as run
import provenir
from provenir.core.errors import InputError, UsageError

pytest.importorskip("torch")

from provenir.train.governing.place import Place
from provenir.train.governing.preparing import Shape


@given(
    rows=st.integers(1, 60),
    batch=st.integers(1, 20),
    epochs=st.floats(0.1, 5.0),
    steps=st.none() | st.integers(1, 40),
    drop=st.booleans(),
)
def test_the_sampler_has_as_many_steps_as_the_training(rows, batch, epochs, steps, drop):
    shape = Shape(batch=batch, micro=1, epochs=epochs, max_steps=steps, drop_last=drop)
    if drop and rows < batch:
        with pytest.raises(UsageError, match="make no batch"):
            shape.sampler(run.SEED, range(rows))
        return
    sampler = shape.sampler(run.SEED, range(rows))
    total = shape.total_steps(sampler)
    assert total == (steps or math.ceil(epochs * sampler.per_epoch))
    assert total <= sampler.total_steps < total + sampler.per_epoch


@pytest.mark.parametrize(
    "wrong",
    [{"batch": 0, "micro": 1}, {"batch": 2, "micro": 3}, {"batch": 1, "micro": 1, "epochs": 0.0}],
)
def test_a_shape_out_of_range_is_refused(wrong):
    with pytest.raises(UsageError):
        Shape(**wrong)


def test_a_corpus_of_which_nobody_is_admitted_is_refused():
    with pytest.raises(UsageError, match="0 admitted rows"):
        Shape(batch=2, micro=1).sampler(run.SEED, [])


def test_the_secret_lies_beside_the_run_for_its_owner_alone(tmp_path):
    place = Place.of(run.governance([], tmp_path / "run"))
    place.salts()
    assert place.secret == tmp_path / "run.salts"
    assert stat.S_IMODE(place.secret.stat().st_mode) == 0o600


def test_no_two_runs_share_a_secret(tmp_path):
    """Else equal rows of both would have one commitment, and one disclosure opened both."""
    governed = run.governance([], tmp_path / "run")
    places = [(place := Place.of(governed), place.salts()) for _ in range(3)]
    assert [place.secret.name for place, _ in places] == ["run.salts", "run.2.salts", "run.3.salts"]
    assert len({salts.secret for _, salts in places}) == 3
    chosen = run.governance([], tmp_path / "run", secret=tmp_path / "run.salts")
    with pytest.raises(UsageError, match="exists already"):
        Place.of(chosen).salts()


def test_a_secret_inside_the_run_folder_is_refused(tmp_path):
    governed = run.governance([], tmp_path / "run", secret=tmp_path / "run/governed/salts")
    with pytest.raises(UsageError, match="inside the run folder"):
        Place.of(governed).salts()


def test_a_secret_that_is_gone_cannot_be_made_again(tmp_path):
    rows = run.corpus()
    run.trainer(
        rows, run.governance(rows, tmp_path / "run"), run.arguments(tmp_path / "out", max_steps=1)
    ).train()
    (tmp_path / "run.salts").unlink()
    with pytest.raises(InputError):
        Place.of(run.governance(rows, tmp_path / "run")).salts()


def test_the_open_run_is_the_place_and_another_folder_is_not_its(tmp_path):
    with provenir.track("run", output_dir=tmp_path / "run", workspace=tmp_path) as tracked:
        own = Place.of(run.governance([]))
        assert (own.run, own.run_id) == (tracked, tracked.run_id)
        assert own.folder == tracked.output_dir / "governed"
        other = Place.of(run.governance([], tmp_path / "other"))
        assert other.run is None
        assert other.run_id != tracked.run_id
