"""One step's metrics: missing is None, what is not finite is named, nothing raises."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import Raising
from provenir.observability import FlightRecorder, RLStepMetrics, map_metrics
from provenir.observability.metrics import CHANNELS, read_step, step_number
from strategies import hostile_steps, hostile_values

PLAIN_KEYS = [
    "kl",
    "entropy",
    "reward_mean",
    "reward_std",
    "advantage_std",
    "response_length_mean",
    "grad_norm",
    "learning_rate",
]


class Failing(dict):
    def items(self):
        raise RuntimeError("no")


class FailingKey:
    def __str__(self):
        raise RuntimeError("no")


def test_the_keywords_of_the_guide():
    metrics = RLStepMetrics(
        step=3,
        kl=0.1,
        entropy=1.5,
        reward_mean=0.5,
        reward_std=0.2,
        advantage_std=1.0,
        response_length_mean=120,
        grad_norm=0.7,
        learning_rate=1e-5,
    )
    assert metrics.step == 3
    assert metrics.kl == metrics.kl_ref == 0.1
    assert set(metrics.channels()) == set(PLAIN_KEYS)


def test_missing_is_none_and_never_zero():
    metrics = RLStepMetrics(step=1)
    assert [name for name in CHANNELS if getattr(metrics, name) is not None] == []
    assert map_metrics({"kl": None}).kl is None
    assert map_metrics({"kl": 0}).kl == 0.0


@pytest.mark.parametrize(
    ("value", "spelled"),
    [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf"), (10**400, "inf")],
)
def test_a_value_that_is_not_finite_is_named(value, spelled):
    for metrics in (RLStepMetrics(kl=value), map_metrics({"kl": value})):
        assert metrics.kl is None
        assert metrics.nonfinite == {"kl": spelled}


@pytest.mark.parametrize("value", ["high", [0.5, 0.6], {"a": 1}, object(), b"x", Decimal])
def test_a_value_that_is_no_number_is_named(value):
    for metrics in (RLStepMetrics(kl=value), map_metrics({"kl": value})):
        assert metrics.kl is None
        assert metrics.unreadable == {"kl": type(value).__name__}


@pytest.mark.parametrize("value", [1, True, Decimal(1), "1.0", 1.0])
def test_numbers_of_other_types_are_floats_afterwards(value):
    assert type(RLStepMetrics(kl=value).kl) is float
    assert map_metrics({"kl": value}).kl == 1.0


def test_numpy_scalars_and_arrays():
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    for value in (numpy.float32(0.5), numpy.array(0.5), numpy.array([0.5]), numpy.float16(0.5)):
        assert RLStepMetrics(kl=value).kl == 0.5
    assert RLStepMetrics(kl=numpy.array([0.5, 0.6])).unreadable == {"kl": "ndarray"}
    assert RLStepMetrics(kl=numpy.float64("nan")).nonfinite == {"kl": "nan"}
    assert map_metrics({"step": numpy.int64(4), numpy.str_("kl"): 0.5}).step == 4
    assert map_metrics({numpy.str_("kl"): 0.5}).kl == 0.5


def test_torch_scalars():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    metrics = RLStepMetrics(kl=torch.tensor(0.5), entropy=torch.tensor([0.25], requires_grad=True))
    assert (metrics.kl, metrics.entropy) == (0.5, 0.25)
    assert RLStepMetrics(kl=torch.tensor(math.nan)).nonfinite == {"kl": "nan"}
    assert RLStepMetrics(kl=torch.zeros(3)).unreadable == {"kl": "Tensor"}


@pytest.mark.parametrize(
    ("value", "step"),
    [
        (7, 7),
        (7.0, 7),
        ("7", 7),
        (-1, -1),
        (7.5, None),
        (None, None),
        (True, None),
        (math.nan, None),
        (2**60, None),
        (10**400, None),
        ("x", None),
        ([7], None),
    ],
)
def test_step_numbers(value, step):
    assert step_number(value) == step
    assert RLStepMetrics(step=value).step == step


def test_what_has_no_channel_is_kept():
    metrics = map_metrics({"kl": 0.1, "my_metric": "text", 5: 6, FailingKey(): 1})
    assert metrics.extra == {"my_metric": "text", "5": 6, "<FailingKey>": 1}


def test_a_mapping_that_fails_reads_as_an_empty_step():
    metrics = map_metrics(Failing())
    assert metrics.channels() == {}
    assert metrics.unreadable == {"step": "unreadable (RuntimeError)"}
    assert read_step(None).values == read_step(Raising()).values == {}
    assert map_metrics({"kl": Raising()}).unreadable == {"kl": "Raising"}
    assert read_step([1, 2]).values == {}


class NoName(type):
    @property
    def __name__(cls):
        raise RuntimeError("no name")


class NamelessError(Exception, metaclass=NoName):
    """Of a class whose metaclass refuses to name it."""

    def __str__(self):
        raise self


class FailingNameless(dict):
    def items(self):
        raise NamelessError


def test_a_type_that_refuses_its_name_makes_no_trouble():
    assert RLStepMetrics(kl=NamelessError()).unreadable == {"kl": "?"}
    assert map_metrics({NamelessError(): 1}).extra == {"<?>": 1}
    assert map_metrics(FailingNameless()).unreadable == {"step": "unreadable (?)"}
    assert FlightRecorder().log_step({"kl": NamelessError()}) == []


def test_a_flat_dict_reads_back_the_same():
    metrics = map_metrics({"step": 4, "kl": 0.1, "loss": math.inf, "entropy": math.nan, "note": 1})
    flat = metrics.to_dict()
    assert math.isnan(flat["entropy"])
    assert map_metrics(flat) == metrics


def test_misspelt_keywords_are_refused():
    with pytest.raises(TypeError):
        RLStepMetrics(kl_divergence=0.1)


@given(hostile_steps | st.dictionaries(st.sampled_from(PLAIN_KEYS), hostile_values))
def test_any_dict_maps_to_finite_floats_or_none(raw):
    metrics = map_metrics(raw)
    assert all(type(v) is float and math.isfinite(v) for v in metrics.channels().values())
    assert metrics.step is None or type(metrics.step) is int
    assert not set(metrics.channels()) & (set(metrics.nonfinite) | set(metrics.unreadable))
