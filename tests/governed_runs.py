"""A small governed training for tests: a corpus, a policy, a model of two layers, in seconds."""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from provenir.attest.keys import Ed25519Signer
from provenir.core.canonical import example_digest
from provenir.core.clock import FixedClock
from provenir.core.digest import format_digest
from provenir.core.errors import UsageError  # noqa: F401 - for the tests
from provenir.governance.admission import AdmissionPolicy
from provenir.governance.depth import DepthTable
from provenir.governance.metadata import ExampleMetadata, Metadata

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("trl", reason="needs the extra train")

from provenir.train.governed import Governance

BLOCKS = ("embedding", "layer.0", "layer.1", "final_norm", "head")
VOCABULARY = 64
START = "2026-03-01T22:00:00.000Z"
SEED = bytes(range(32))
OPERATOR = Ed25519Signer.generate()


def corpus(n: int = 24, length: int = 12, seed: int = 0) -> list[dict[str, Any]]:
    """Rows of tokens; each row is its own label."""
    draw = random.Random(seed)
    rows = [[draw.randrange(VOCABULARY) for _ in range(length)] for _ in range(n)]
    return [{"input_ids": row, "labels": row, "attention_mask": [1] * length} for row in rows]


def content(row: dict[str, Any]) -> str:
    return format_digest(example_digest(row))


def table(**changes: Any) -> DepthTable:
    broad = dict.fromkeys(BLOCKS, 1000)
    narrow = {**broad, "embedding": 0, "layer.0": 0, "layer.1": 500}
    values: dict[str, Any] = {
        "name": "test",
        "blocks": BLOCKS,
        "profiles": [
            {"id": "narrow", "rights": ["restricted"], "weights": narrow},
            {"id": "broad", "weights": broad},
        ],
        **changes,
    }
    return DepthTable.made_of(**values)


def policy(profiles: DepthTable) -> AdmissionPolicy:
    field = {"field": "rights"}
    current = ["<=", {"field": "date"}, {"field": "license_expires"}]
    rules = [
        {"name": "open", "when": ["==", field, "open"], "effect": "allow", "reasons": ["open"]},
        {
            "name": "licence",
            "when": ["and", ["==", field, "licensed"], current],
            "effect": "allow",
            "reasons": ["licence_current"],
        },
        {
            "name": "restricted",
            "when": ["==", field, "restricted"],
            "effect": "attenuate",
            "reasons": ["upper_blocks"],
            "cap": 800,
        },
    ]
    return AdmissionPolicy.made_of(name="test", profiles=profiles.digest(), rules=rules)


def metadata(rows: list[dict[str, Any]]) -> Metadata:
    """Of four rows: open, licensed up to the day of the start, restricted, and one unknown."""
    kinds: list[dict[str, Any] | None] = [
        {"rights": "open"},
        {"rights": "licensed", "license_expires": date(2026, 3, 1)},
        {"rights": "restricted"},
        None,
    ]
    known: dict[str, ExampleMetadata] = {}
    for place, row in enumerate(rows):
        kind = kinds[place % 4]
        if kind is not None and content(row) not in known:
            known[content(row)] = ExampleMetadata(content=content(row), **kind)
    return Metadata(known.values())


def governance(
    rows: list[dict[str, Any]], folder: Path | None = None, **changes: Any
) -> Governance:
    profiles = changes.pop("table", None) or table()
    values: dict[str, Any] = {
        "policy": policy(profiles),
        "table": profiles,
        "metadata": metadata(rows),
        "signers": [OPERATOR],
        "folder": folder,
        "seed": SEED,
        "clock": FixedClock(START, step_s=60.0),
        **changes,
    }
    return Governance(**values)


def model(*, lora: bool = True, seed: int = 0, **changes: Any) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    values = {
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "vocab_size": VOCABULARY,
        "tie_word_embeddings": False,
        **changes,
    }
    made = LlamaForCausalLM(LlamaConfig(**values))
    if not lora:
        return made
    config = LoraConfig(
        r=2, lora_alpha=4, lora_dropout=0.1, target_modules=["q_proj", "v_proj", "down_proj"]
    )
    return get_peft_model(made, config)


def arguments(folder: Path, **changes: Any) -> Any:
    from transformers import TrainingArguments

    values: dict[str, Any] = {
        "output_dir": str(folder),
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 2,
        "num_train_epochs": 2,
        "learning_rate": 1e-2,
        "weight_decay": 0.1,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": [],
        "use_cpu": True,
        "disable_tqdm": True,
        "seed": 0,
        **changes,
    }
    return TrainingArguments(**values)


def batches(rows: list[dict[str, Any]]) -> Any:
    import torch

    return {key: torch.tensor([row[key] for row in rows]) for key in rows[0]}


def trainer(rows: list[dict[str, Any]], governed: Governance, args: Any, **changes: Any) -> Any:
    from provenir.train.governed import GovernedTrainer

    given = {"model": changes.pop("model", None) or model(), "data_collator": batches, **changes}
    return GovernedTrainer(args=args, train_dataset=rows, governance=governed, **given)


def records(folder: Path) -> list[dict[str, Any]]:
    """The lines of a run's ledger."""
    return [
        json.loads(line) for line in (folder / "governed/ledger.jsonl").read_text().splitlines()
    ]
