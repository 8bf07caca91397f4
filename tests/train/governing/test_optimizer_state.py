"""The root over an optimizer's state, and what is told of it."""

from __future__ import annotations

import pytest

import governed_runs as run
from provenir.core.errors import UsageError

torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from provenir.train.governing.optimizer_state import (  # noqa: E402
    check_optimizer,
    optimizer_root,
    told_optimizer,
)
from provenir.train.governing.tensors import ModelTensors  # noqa: E402


def stepped(kind, **settings):
    model = run.model()
    trained = ModelTensors(model).of(trainable=True)
    optimizer = kind([one.tensor for one in trained], lr=0.1, **settings)
    for place, one in enumerate(trained):
        one.tensor.grad = torch.full_like(one.tensor, 1.0 + place)
    optimizer.step()
    return optimizer, trained


@pytest.mark.parametrize(
    ("kind", "settings"),
    [(torch.optim.AdamW, {}), (torch.optim.AdamW, {"amsgrad": True}),
     (torch.optim.SGD, {"momentum": 0.9})],
)  # fmt: skip
def test_any_change_of_the_state_changes_the_root(kind, settings):
    optimizer, trained = stepped(kind, **settings)
    before = optimizer_root(optimizer, trained)
    for state in optimizer.state.values():
        for key, value in state.items():
            kept = value.clone()
            value.reshape(-1)[0] += 1
            assert optimizer_root(optimizer, trained) != before, key
            value.copy_(kept)
    assert optimizer_root(optimizer, trained) == before


def test_the_order_of_parameters_does_not_matter_their_names_do():
    optimizer, trained = stepped(torch.optim.AdamW)
    assert optimizer_root(optimizer, trained) == optimizer_root(optimizer, trained[::-1])
    swapped = [
        type(one)(name=other.name, tensor=one.tensor, trainable=True, released=True)
        for one, other in zip(trained, [*trained[1:], trained[0]], strict=True)
    ]
    assert optimizer_root(optimizer, swapped) != optimizer_root(optimizer, trained)


def test_an_optimizer_is_told_in_text_without_its_rate():
    optimizer, _ = stepped(torch.optim.AdamW, weight_decay=0.25)
    told = told_optimizer(optimizer, None)
    assert told["name"] == "torch.optim.adamw.AdamW"
    assert told["default.weight_decay"] == "0.25"
    assert all(isinstance(value, str) for value in told.values())
    optimizer.param_groups[0]["lr"] = 0.7
    assert told_optimizer(optimizer, None) == told
    optimizer.param_groups[0]["weight_decay"] = 0.5
    assert told_optimizer(optimizer, None)["group.0.weight_decay"] == "0.5"


def test_an_optimizer_is_known_by_its_exact_class():
    class Mine(torch.optim.SGD):
        pass

    parameter = torch.nn.Parameter(torch.zeros(1))
    check_optimizer(torch.optim.SGD([parameter], lr=0.1))
    for kind in (Mine, torch.optim.Adagrad):
        with pytest.raises(UsageError, match="not been tested"):
            check_optimizer(kind([parameter], lr=0.1))
