"""What a weight of zero does not buy, in figures of this code.

One example has weight 0 in one block of a small Llama and weight 1 elsewhere; the model is trained
twice, the second time with other content in that example. How far the block's change differs, as a
share of the change, is the example's influence on the block. The peer is the same pair of runs in
which the example has weight 1 in the block as well. Medians over seeds, with the range.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers

from provenir.core.extras import require
from provenir.train.routing import Router, clip_blocks, per_example_mean_loss, still_blocks

ROWS, TOKENS, VOCABULARY, BLOCK = 8, 64, 512, "layer.2"
BOUND = 0.1


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How a run is made.

    Attributes:
        optimizer: ``sgd`` or ``adamw``.
        clip: ``none``, ``global`` or ``per block``.
        decay: AdamW's weight decay.
        skip: A block whose weights are all 0 gets no gradient; otherwise one of zeros.
        last_alone: The change of the last step is asked for, and not that of all.
    """

    optimizer: str = "adamw"
    clip: str = "none"
    decay: float = 0.01
    skip: bool = True
    last_alone: bool = False


def build(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=176,
        num_hidden_layers=4,
        num_attention_heads=2,
        num_key_value_heads=2,
        use_cache=False,
    )
    return transformers.LlamaForCausalLM(config).train()


def train(
    seed: int, ids: torch.Tensor, columns: list[list[float]], setting: Setting
) -> torch.Tensor:
    """Train a step with each of the columns as the block's weights; return its last change."""
    model = build(seed)
    router = Router(model)
    index = router.blocks.index(BLOCK)
    own = [slot.parameter for slot in router.slots if slot.block == index]
    parameters = list(model.parameters())
    optimizer: torch.optim.Optimizer = torch.optim.SGD(parameters, lr=0.1)
    if setting.optimizer == "adamw":
        optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=setting.decay)
    start = [parameter.detach().clone() for parameter in own]
    for step, column in enumerate(columns):
        if setting.last_alone and step == len(columns) - 1:
            start = [parameter.detach().clone() for parameter in own]
        weights = torch.ones(ROWS, len(router.blocks))
        weights[:, index] = torch.tensor(column)
        optimizer.zero_grad(set_to_none=setting.skip)
        with router.routed(weights):
            losses = per_example_mean_loss(model(input_ids=ids).logits, ids)
            losses.mean().backward()
        if setting.clip == "global":
            torch.nn.utils.clip_grad_norm_(parameters, BOUND)
        elif setting.clip == "per block":
            clip_blocks(router, BOUND)
        if setting.skip:
            still_blocks(router, weights)
        elif not any(column):
            for parameter in own:
                parameter.grad = torch.zeros_like(parameter)
        optimizer.step()
    router.close()
    changes = [now.detach() - then for now, then in zip(own, start, strict=True)]
    return torch.cat([change.flatten() for change in changes])


def content(generator: torch.Generator, rows: int = ROWS) -> torch.Tensor:
    return torch.randint(0, VOCABULARY, (rows, TOKENS), generator=generator)


def influence(seed: int, weight: float, steps: int, setting: Setting) -> float:
    """Relative difference of the block's change when the first example's content is swapped."""
    generator = torch.Generator().manual_seed(seed)
    ids = content(generator)
    other = ids.clone()
    other[:1] = content(generator, 1)
    columns = [[weight] + [1.0] * (ROWS - 1)] * steps
    first, second = (train(seed, data, columns, setting) for data in (ids, other))
    return float((first - second).norm() / first.norm())


def size(seed: int, weights: list[float], setting: Setting) -> float:
    """Norm of the block's change, all rows having the step's weight there."""
    ids = content(torch.Generator().manual_seed(seed))
    return float(train(seed, ids, [[weight] * ROWS for weight in weights], setting).norm())


def told(values: list[float]) -> str:
    middle = statistics.median(values)
    return f"{middle:9.2e} ({min(values):.1e} to {max(values):.1e})"


def print_influences(seeds: range) -> list[dict[str, object]]:
    """Print the influences; return the medians as rows of a table."""
    rows: list[dict[str, object]] = []
    print(f"influence on {BLOCK} of an example of weight 0 there, and of weight 1 (control)")
    for optimizer in ("sgd", "adamw"):
        for clip in ("none", "global", "per block"):
            for steps in (1, 2, 5):
                setting = Setting(optimizer=optimizer, clip=clip)
                zero, one = (
                    [influence(seed, weight, steps, setting) for seed in seeds]
                    for weight in (0.0, 1.0)
                )
                row = {"optimizer": optimizer, "clip": clip, "steps": steps}
                rows.append({**row, "influence": statistics.median(zero)})
                print(
                    f"  {optimizer:5} clip {clip:9} steps {steps}: {told(zero)}"
                    f"   control {statistics.median(one):.2e}",
                    flush=True,
                )

    return rows


def draw(rows: list[dict[str, object]], path: Path) -> None:
    """Draw the influences as a chart, a panel for each optimizer."""
    alt = require("report", "altair")
    vl_convert = require("report", "vl_convert")
    scale = alt.Scale(type="symlog", constant=1e-3)
    axis = alt.Axis(values=[0, 0.001, 0.01, 0.1], format="~g")
    lines = (
        alt.Chart(alt.Data(values=rows), width=250, height=190)
        .mark_line(point=True)
        .encode(
            x=alt.X("steps:O", title="after so many steps", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("influence:Q", scale=scale, axis=axis, title="relative change of the block"),
            color=alt.Color("clip:N", title="clipping"),
            strokeDash=alt.StrokeDash("clip:N", title="clipping"),
            column=alt.Column("optimizer:N", title=None),
        )
        .configure(background="#ffffff")
    )
    path.write_text(vl_convert.vegalite_to_svg(lines.to_dict()))


def print_scales(seeds: range) -> None:
    print("size of the block's change after 3 steps, all weights there w, over that with w = 1")
    for optimizer in ("sgd", "adamw"):
        setting = Setting(optimizer=optimizer, decay=0.0)
        for weight in (0.5, 0.1):
            ratios = [
                size(seed, [weight] * 3, setting) / size(seed, [1.0] * 3, setting) for seed in seeds
            ]
            print(f"  {optimizer:5} w = {weight}: {told(ratios)}", flush=True)


def print_moves(seeds: range) -> None:
    print("a block's move in a step in which all its weights are 0, over that with weights of 1")
    for before, cause in ((2, "momentum and decay, the third step"), (0, "decay, the first step")):
        for skip in (False, True):
            setting = Setting(decay=0.1, skip=skip, last_alone=True)
            usual = [1.0] * before
            moves = [
                size(seed, [*usual, 0.0], setting) / size(seed, [*usual, 1.0], setting)
                for seed in seeds
            ]
            how = "grad = None" if skip else "a gradient of zeros"
            print(f"  adamw, {cause}, {how}: {told(moves)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--svg", type=Path, help="draw the influences into this file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(arguments.seeds)
    rows = print_influences(seeds)
    if arguments.svg is not None:
        draw(rows, arguments.svg)
    print_scales(seeds)
    print_moves(seeds)


if __name__ == "__main__":
    main()
