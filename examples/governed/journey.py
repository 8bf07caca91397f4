"""A governed fine-tune from the corpus to a stranger's verdict, and what tampering comes to.

    python examples/governed/journey.py --out artifacts/governed

A tiny model is fine-tuned with LoRA on a mixed corpus: open text, text licensed until a date, notes
that may move the upper layers alone, rows of which nobody knows where they come from, two rows that
are repeated, and poison. Everything is made on the spot, on the CPU.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from corpus import TRIGGER, Corpus, base_sentences, content_of, make_corpus
from datasets import Dataset as Rows
from peft import LoraConfig, get_peft_model
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table
from roles import Roles
from stranger import ask_package, ask_single_file
from tamper import TAMPERINGS
from tiny import make_model, make_tokenizer, mean_nll, pretrain
from transformers import PrinterCallback, TrainerCallback
from trl import SFTConfig

import provenir
from provenir.console import render
from provenir.console.contribution_drawing import contributions_svg
from provenir.data import Dataset
from provenir.eval.memorization import MemorizationPolicy
from provenir.flows.contributions import read_contributions
from provenir.flows.quiet import quiet_libraries
from provenir.governance import Metadata, default_policy, default_table
from provenir.governance.blocks import block_order
from provenir.provenance.ledger.disclosure import disclose, salts_of
from provenir.provenance.ledger.reader import read_records
from provenir.provenance.ledger.records import Intervention
from provenir.train.governed import Governance, GovernedSFTTrainer

if TYPE_CHECKING:
    from stranger import Said

    from provenir.governance.admission import AdmissionPolicy
    from provenir.governance.depth import DepthTable
    from provenir.governance.statements import RoleStatement

LORA = {"r": 16, "lora_alpha": 32, "target_modules": "all-linear"}
ON_CPU = {"disable_tqdm": True, "report_to": [], "use_cpu": True, "bf16": False}


@dataclass(frozen=True)
class Prepared:
    """What is there before anything is trained."""

    corpus: Corpus
    metadata: Metadata
    dataset: Dataset
    table: DepthTable
    policy: AdmissionPolicy
    statements: list[RoleStatement]


class Bar(TrainerCallback):
    """Moves a bar with the trainer's steps."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("Fine-tune under governance", total=None)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Show the step."""
        self._progress.update(self._task, total=state.max_steps, completed=state.global_step)


def prepare(out: Path, roles: Roles, blocks: tuple[str, ...], seed: int) -> Prepared:
    """Make the corpus and the rules; let those who answer for them sign."""
    corpus = make_corpus(seed, datetime.now(UTC).date())
    metadata = Metadata(corpus.metadata)
    dataset = Dataset(corpus.rows, name="mixed-corpus")
    table = default_table(blocks)
    policy = default_policy(table)
    roles.write_trust(out / "trust.toml")
    return Prepared(corpus, metadata, dataset, table, policy, roles.sign(dataset, metadata, policy))


def base_model(seed: int, steps: int, progress: Progress) -> tuple[Any, Any]:
    """A base that knows the words and has seen none of the rows."""
    tokenizer = make_tokenizer()
    model = make_model(tokenizer, seed=seed)
    task = progress.add_task("Train a base model", total=steps)
    texts = base_sentences(2_000, seed)
    pretrain(model, tokenizer, texts, steps=steps, tick=lambda _: progress.advance(task))
    return model, tokenizer


def fine_tune(
    out: Path, roles: Roles, given: Prepared, tiny: tuple[Any, Any], epochs: int, bar: Bar
) -> Any:
    """The governed run: these are the lines that a user writes."""
    model, tokenizer = tiny
    governance = Governance(
        policy=given.policy,
        table=given.table,
        metadata=given.metadata,
        statements=given.statements,
        signers=[roles.operator],
        memorization=MemorizationPolicy(action="exclude"),
    )
    arguments = SFTConfig(
        output_dir=str(out / "trainer"),
        num_train_epochs=epochs,
        per_device_train_batch_size=8,
        gradient_accumulation_steps=2,
        learning_rate=5e-3,
        lr_scheduler_type="constant",
        logging_steps=1,
        save_strategy="no",
        max_length=96,
        **ON_CPU,
    )
    with provenir.track(
        "governed-example",
        dataset=given.dataset,
        base_model="tiny-llama",
        output_dir=out / "run",
        sign_passport=True,
        signing_key=roles.operator,
    ) as run:
        trainer = GovernedSFTTrainer(
            model=get_peft_model(model, LoraConfig(**LORA)),
            args=arguments,
            train_dataset=Rows.from_list(given.corpus.rows),
            processing_class=tokenizer,
            governance=governance,
            callbacks=[bar],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        trainer.save_model(str(out / "adapter"))
        run.log_artifact(out / "adapter", kind="adapter")
    return trainer


def losses_by_source(model: Any, tokenizer: Any, corpus: Corpus) -> dict[str, float]:
    """Mean loss of a token of each source's rows."""
    known = {one.content: one.source for one in corpus.metadata}
    texts: dict[str, list[str]] = {}
    for text in dict.fromkeys(row["text"] for row in corpus.rows):
        source = known.get(content_of({"text": text}), "nobody knows")
        source = "poison" if text.startswith(TRIGGER) else source
        texts.setdefault(source, []).append(text)
    return {source: mean_nll(model, tokenizer, them) for source, them in sorted(texts.items())}


def show_learning(console: Console, before: dict[str, float], after: dict[str, float]) -> None:
    """What the model learnt of whom."""
    table = Table("source", "loss before", "after", title="What the model learnt, nats a token")
    for source, loss in before.items():
        table.add_row(source, f"{loss:.2f}", f"{after[source]:.2f}")
    console.print(table)


def show_memorized(console: Console, run: Path, corpus: Corpus) -> None:
    """Which rows stood out, and what became of them; each intervention is a line of the ledger."""
    found: dict[str, Intervention] = {}
    for placed in read_records(run / "governed"):
        if isinstance(placed.record, Intervention):
            text = corpus.rows[placed.record.row]["text"]
            found.setdefault(text, placed.record)
    table = Table("row", "stands", "z", "left out after step", title="Memorized rows")
    for text, record in found.items():
        n = corpus.duplicated.get(text, 1)
        table.add_row(
            text,
            "once" if n == 1 else f"{n} times",
            f"{float(record.measure):.1f}",
            str(record.step),
        )
    console.print(table)


def show_verdict(console: Console, who: str, said: Said) -> None:
    """The rows about the ledger, and what was not checked."""
    table = Table("check", "", "what it says", title=f"{who} (exit {said.exit_code})")
    for name, status, reason, detail in said.rows:
        if name.startswith(("V", "assurance", "role:", "signature")):
            table.add_row(name, status, " ".join(filter(None, (reason, detail)))[:90])
    console.print(table)


def show_tampering(console: Console, out: Path) -> bool:
    """Change a copy, ask both; tell whether each change was refused by both."""
    # A reason is a word that somebody looks up: on a narrow terminal it is folded, never cut.
    names = ("changed afterwards", "caught at", "package", "single file")
    table = Table(*(Column(name, overflow="fold") for name in names), title="Tampering")
    refused = True
    for name, change in TAMPERINGS.items():
        package, single = ask_package(out, change), ask_single_file(out, change)
        refused &= package.exit_code == 1 == single.exit_code
        table.add_row(name, package.level, *(", ".join(one.reasons) for one in (package, single)))
    console.print(table)
    return refused


def draw_map(out: Path) -> Path:
    """Draw which sources moved which blocks; the page holds the same."""
    found = read_contributions(out / "run" / "governed")
    names = [group.name for group in found.groups]
    picture = out / "contributions.svg"
    picture.write_text(contributions_svg(found.blocks, names, found.shares(), card="#ffffff"))
    return picture


def journey(out: Path, *, seed: int, base_steps: int, epochs: int, console: Console) -> int:
    """Go the whole way; 0 where the evidence is accepted and every change refused."""
    roles = Roles()
    with Progress(console=console, transient=True) as progress:
        model, tokenizer = base_model(seed, base_steps, progress)
        blocks = block_order(name for name, _ in model.named_parameters())
        given = prepare(out, roles, blocks, seed)
        before = losses_by_source(model, tokenizer, given.corpus)
        trainer = fine_tune(out, roles, given, (model, tokenizer), epochs, Bar(progress))
    disclose(out / "run" / "governed", salts_of(out / "run" / "governed"))
    after = losses_by_source(trainer.model, tokenizer, given.corpus)
    show_learning(console, before, after)
    show_memorized(console, out / "run", given.corpus)
    package, single = ask_package(out), ask_single_file(out)
    show_verdict(console, "provenir verify, by a stranger", package)
    show_verdict(console, "auditor/provenir_audit.py", single)
    refused = show_tampering(console, out)
    console.print(f"Map of contributions {draw_map(out)}", soft_wrap=True)
    console.print(f"Run folder {out / 'run'}", soft_wrap=True)
    console.print(f"Page {render(out / 'run')}", soft_wrap=True)
    return 0 if package.exit_code == 0 == single.exit_code and refused else 1


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("artifacts/governed"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--base-steps", type=int, default=150)
    parser.add_argument("--epochs", type=int, default=8)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.out.mkdir(parents=True, exist_ok=True)
    with quiet_libraries():
        return journey(
            asked.out,
            seed=asked.seed,
            base_steps=asked.base_steps,
            epochs=asked.epochs,
            console=Console(),
        )


if __name__ == "__main__":
    raise SystemExit(main())
