"""A tiny Llama and a tokenizer of characters, made and trained on the spot: no hub, no download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SPECIAL = ("<pad>", "<eos>", "<unk>")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:()+"


def make_tokenizer() -> Any:
    """One token for each character."""
    vocabulary = {piece: at for at, piece in enumerate((*SPECIAL, *LETTERS))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )


def make_model(tokenizer: Any, *, layers: int = 4, width: int = 96, seed: int = 0) -> Any:
    """A Llama with random weights."""
    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=2 * width,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=128,
            tie_word_embeddings=False,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=None,
        )
    )


def encode(tokenizer: Any, texts: Sequence[str]) -> Any:
    """Token ids, padded on the right, with the end token."""
    closed = [text + tokenizer.eos_token for text in texts]
    return tokenizer(closed, return_tensors="pt", padding=True, padding_side="right")


def pretrain(
    model: Any, tokenizer: Any, texts: Sequence[str], *, steps: int, tick: Callable[[float], None]
) -> None:
    """Make it a base model: it learns the words, on sentences that are not in the corpus."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    draw = torch.Generator().manual_seed(0)
    model.train()
    for _ in range(steps):
        chosen = torch.randint(len(texts), (32,), generator=draw).tolist()
        batch = encode(tokenizer, [texts[at] for at in chosen])
        labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
        loss = model(**{k: batch[k] for k in ("input_ids", "attention_mask")}, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        tick(loss.item())


@torch.no_grad()
def mean_nll(model: Any, tokenizer: Any, texts: Sequence[str]) -> float:
    """Mean negative log-likelihood of the texts' tokens, in nats."""
    model.eval()
    batch = encode(tokenizer, texts)
    ids, mask = batch["input_ids"], batch["attention_mask"]
    logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1]
    scored = torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
    counted = mask[:, 1:]
    return float((scored * counted).sum() / counted.sum())
