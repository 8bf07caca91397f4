"""The state of an optimizer, named by the parameters that it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.core.extras import require
from provenir.provenance.ledger.tensors import leaf_root
from provenir.train.governing.tensors import NamedTensor, leaves_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

torch: Any = require("train", "torch")

__all__ = ["TESTED", "check_optimizer", "optimizer_root", "told_optimizer"]

TESTED: Final = ("torch.optim.adam.Adam", "torch.optim.adamw.AdamW", "torch.optim.sgd.SGD")
"""Optimizers that leave a parameter without a gradient as it is, momentum and decay included."""


def check_optimizer(optimizer: Any) -> None:
    """Refuse an optimizer of which nobody has tested that it lets a still block lie.

    Args:
        optimizer: A torch optimizer, or accelerate's wrapper around one.

    Raises:
        UsageError: It is none of `TESTED`, by its exact class.
    """
    name = _class_name(getattr(optimizer, "optimizer", optimizer))
    if name not in TESTED:
        raise UsageError(
            f"{name} has not been tested with routing", mend=f"one of {', '.join(TESTED)}"
        )


def optimizer_root(optimizer: Any, trained: Sequence[NamedTensor]) -> str:
    """Digest over the tensors of an optimizer's state, `<parameter>/<key>` each.

    Numbers that are no tensors stand as float64; what belongs to no trained parameter is left out.
    """
    names = {id(one.tensor): one.name for one in trained}
    found = []
    for parameter, state in optimizer.state.items():
        name = names.get(id(parameter))
        for key, value in state.items() if name is not None else ():
            tensor = value if torch.is_tensor(value) else _number(value)
            if tensor is not None:
                found.append(
                    NamedTensor(
                        name=f"{name}/{key}", tensor=tensor, trainable=False, released=False
                    )
                )
    return leaf_root(leaves_of(found, threads=torch.get_num_threads())).root


def _number(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        return torch.tensor(float(value), dtype=torch.float64)
    return None


def told_optimizer(optimizer: Any, scheduler: Any) -> dict[str, str]:
    """An optimizer and a scheduler as the ledger states them: names and values as text.

    The learning rate of a group is left out: a scheduler moves it, and each step states it.
    """
    inner = getattr(optimizer, "optimizer", optimizer)
    told = {"name": _class_name(inner)}
    told |= _texts("default", inner.defaults)
    for place, group in enumerate(inner.param_groups):
        values = {key: value for key, value in group.items() if key not in ("params", "lr")}
        changed = {k: v for k, v in values.items() if v != inner.defaults.get(k)}
        told |= _texts(f"group.{place}", changed)
        told[f"group.{place}.parameters"] = str(len(group["params"]))
    if scheduler is not None:
        told["scheduler"] = _class_name(scheduler)
    return told


def _texts(prefix: str, values: Mapping[str, Any]) -> dict[str, str]:
    return {f"{prefix}.{key}": repr(value) for key, value in sorted(values.items())}


def _class_name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
