"""A tiny Qwen2-style model and its tokenizer, made on the spot: no hub, no download.

The model is trained by supervision for a short while, so that there is something to reward, and
then saved and loaded from a local folder, as TRL loads its reference model by path.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.core.extras import require

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.flows.demo_settings import DemoSettings

__all__ = ["TinyModel", "answer_probability", "answer_text", "build", "greedy_accuracy", "warm_up"]

Problem = Mapping[str, str]
PAD: Final = "<pad>"
END: Final = "<eos>"
POSITIONS: Final = 128
WINDOW: Final = 10
IGNORED: Final = -100
"""The label that torch's cross entropy leaves out."""


@dataclass(slots=True, kw_only=True)
class TinyModel:
    """A model with its tokenizer."""

    model: Any
    tokenizer: Any

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def save(self, folder: Path) -> None:
        """Write weights (safetensors), configuration and tokenizer into a folder."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def load_from(self, folder: Path) -> TinyModel:
        """The same kind of model, loaded from a folder by path."""
        model = type(self.model).from_pretrained(folder)
        return TinyModel(model=model, tokenizer=self.tokenizer)


def answer_text(problem: Problem) -> str:
    """What the model is to write after the prompt."""
    return f" {problem['answer']}"


def build(problems: Sequence[Problem], settings: DemoSettings) -> TinyModel:
    """Train a tokenizer on the problems and make a model with random weights.

    Raises:
        MissingExtraError: torch or transformers is not installed.
    """
    torch: Any = require("train", "torch")
    transformers: Any = require("train", "transformers")
    torch.manual_seed(settings.seed)
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer(problems, settings.vocabulary),
        pad_token=PAD,
        eos_token=END,
        padding_side="left",
    )
    config = transformers.Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=settings.hidden_size,
        intermediate_size=2 * settings.hidden_size,
        num_hidden_layers=settings.layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=POSITIONS,
        initializer_range=settings.initial_spread,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
        tie_word_embeddings=True,
    )
    return TinyModel(model=transformers.Qwen2ForCausalLM(config), tokenizer=tokenizer)


def _tokenizer(problems: Sequence[Problem], size: int) -> Any:
    tokenizers: Any = require("train", "tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=size, special_tokens=[PAD, END], show_progress=False
    )
    made.train_from_iterator((p["prompt"] + answer_text(p) for p in problems), trainer)
    return made


def warm_up(
    tiny: TinyModel,
    problems: Sequence[Problem],
    settings: DemoSettings,
    tick: Callable[[int, float], None],
) -> int:
    """Train by supervision until part of the answers are right.

    Args:
        tiny: trained in place.
        problems: drawn from with replacement.
        settings: when to stop, and the optimizer's numbers.
        tick: called after each batch with its number and the share of right answers lately.

    Returns:
        The number of batches.
    """
    torch: Any = require("train", "torch")
    draw = torch.Generator().manual_seed(settings.seed)
    optimizer = torch.optim.AdamW(tiny.model.parameters(), lr=settings.warm_up_learning_rate)
    recent: deque[float] = deque(maxlen=WINDOW)
    tiny.model.train()
    for batch in range(1, settings.warm_up_batches + 1):
        size = (settings.warm_up_batch_size,)
        chosen = torch.randint(len(problems), size, generator=draw).tolist()
        inputs, labels = _supervised(tiny.tokenizer, [problems[i] for i in chosen])
        out = tiny.model(**inputs, labels=labels)
        out.loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        recent.append(_share_right(out.logits, labels))
        lately = sum(recent) / len(recent)
        tick(batch, lately)
        if len(recent) == WINDOW and lately >= settings.warm_up_until:
            return batch
    return settings.warm_up_batches


def _supervised(tokenizer: Any, problems: Sequence[Problem]) -> tuple[dict[str, Any], Any]:
    """Inputs, and labels that count the answer and the end token alone."""
    texts = [p["prompt"] + answer_text(p) + END for p in problems]
    encoded = tokenizer(texts, return_tensors="pt", padding=True)
    labels = encoded["input_ids"].clone()
    for row, problem in enumerate(problems):
        counted = len(tokenizer(answer_text(problem) + END)["input_ids"])
        labels[row, :-counted] = IGNORED
    inputs = {name: encoded[name] for name in ("input_ids", "attention_mask")}
    return inputs, labels


def _share_right(logits: Any, labels: Any) -> float:
    guessed, wanted = logits[:, :-1].argmax(-1), labels[:, 1:]
    right = ((guessed == wanted) | (wanted == IGNORED)).all(-1)
    return float(right.float().mean())


def greedy_accuracy(tiny: TinyModel, problems: Sequence[Problem], max_tokens: int) -> float:
    """Share of the problems whose answer the model writes when it takes the likeliest tokens."""
    torch: Any = require("train", "torch")
    encoded = tiny.tokenizer([p["prompt"] for p in problems], return_tensors="pt", padding=True)
    inputs = {name: encoded[name] for name in ("input_ids", "attention_mask")}
    was_training = tiny.model.training
    tiny.model.eval()
    with torch.no_grad():
        written = tiny.model.generate(**inputs, max_new_tokens=max_tokens, do_sample=False)
    tiny.model.train(was_training)
    answers = tiny.tokenizer.batch_decode(
        written[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True
    )
    right: list[bool] = [a.strip() == p["answer"] for a, p in zip(answers, problems, strict=True)]
    return sum(right) / len(right)


def answer_probability(tiny: TinyModel, problems: Sequence[Problem]) -> float:
    """Mean probability of writing the answer and ending there, when sampling at temperature 1.

    It is the expected reward on these problems, up to other spellings of an answer in tokens, and
    it has no sampling noise.
    """
    torch: Any = require("train", "torch")
    inputs, labels = _supervised(tiny.tokenizer, problems)
    was_training = tiny.model.training
    tiny.model.eval()
    with torch.no_grad():
        logits = tiny.model(**inputs).logits[:, :-1]
    tiny.model.train(was_training)
    wanted = labels[:, 1:]
    counted = wanted != IGNORED
    index = wanted.clamp_min(0).unsqueeze(-1)
    log_probability = logits.log_softmax(-1).gather(-1, index).squeeze(-1)
    return float((log_probability * counted).sum(-1).exp().mean())
