"""That every trained parameter of a model is covered by a rule, before the first step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.core.errors import UsageError
from provenir.core.extras import require
from provenir.train.routing.rules import RULES, class_name, refusal
from provenir.train.routing.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from provenir.train.routing.microbatch import Microbatch
    from provenir.train.routing.slots import Slot

torch: Any = require("train", "torch")

__all__ = ["find_sites"]


def find_sites(
    model: Any, slots: Iterable[Slot], current: Callable[[], Microbatch | None]
) -> list[Site]:
    """Give every trained parameter of a model its site.

    Raises:
        UsageError: A parameter, which the message names, that no rule covers.
    """
    by_tensor = {id(slot.parameter): slot for slot in slots}
    sites: list[Site] = []
    users: dict[int, list[tuple[str, Any]]] = {}
    for name, module in model.named_modules(remove_duplicate=False):
        own = {
            attribute: by_tensor[id(parameter)]
            for attribute, parameter in module.named_parameters(recurse=False)
            if id(parameter) in by_tensor
        }
        if not own:
            continue
        _check(name, module, own)
        for slot in own.values():
            users.setdefault(id(slot.parameter), []).append((name, module))
        sites.append(Site(name, module, own, RULES[class_name(module)], current))
    for tensor, slot in by_tensor.items():
        _check_users(slot, users.get(tensor, []))
    return sites


def _check(name: str, module: Any, own: Mapping[str, Slot]) -> None:
    why = refusal(module, set(own))
    if why is not None:
        slot = next(iter(own.values()))
        raise UsageError(
            f"the gradient of {slot.name} cannot be routed: {why} for {class_name(module)}",
            where=name or "the model itself",
            mend="freeze it with requires_grad_(False), or train another way",
        )
    for slot in own.values():
        if slot.parameter._backward_hooks or slot.parameter._post_accumulate_grad_hooks:
            raise UsageError(
                f"{slot.name} has a hook on its gradient",
                mend="remove it: routed gradients do not pass through hooks",
            )
        if slot.parameter.dtype not in (torch.float32, torch.float64):
            raise UsageError(
                f"{slot.name} is trained in {slot.parameter.dtype}",
                mend="train in float32; frozen parameters may be narrower",
            )


def _check_users(slot: Slot, users: list[tuple[str, Any]]) -> None:
    kinds = sorted(type(module).__name__ for _, module in users)
    slot.tied = kinds == ["Embedding", "Linear"]
    if len(users) == 1 or slot.tied:
        return
    names = ", ".join(name for name, _ in users) or "no module"
    raise UsageError(
        f"the gradient of {slot.name} cannot be routed: it belongs to {names}",
        mend="an embedding and a head may share a parameter, no others",
    )
