"""One forward pass against generating token by token."""

from __future__ import annotations

import pytest

from provenir.core.errors import UsageError
from provenir.eval.memorization.extraction import prefix_extraction

torch = pytest.importorskip("torch")


def table_model(tokens: object, table: object) -> object:
    """A model whose next token depends on the last one alone."""
    return table[tokens]  # type: ignore[index]


def test_it_says_what_greedy_decoding_gives() -> None:
    torch.manual_seed(0)
    table = torch.randn(7, 7)
    texts = torch.randint(0, 7, (400, 5))
    for row in range(0, 400, 4):  # some texts that the model does give
        for place in range(2, 5):
            texts[row, place] = table[texts[row, place - 1]].argmax()
    found = prefix_extraction(table_model(texts, table), texts, prefix=2)
    for row, text in enumerate(texts.tolist()):
        given = text[:2]
        while len(given) < len(text):
            given.append(int(table[given[-1]].argmax()))
        assert found.extractable[row] == (given == text)
    assert sum(found.extractable) >= 100
    assert found.tokens == (3,) * 400


def test_padding_counts_for_nothing() -> None:
    table = torch.eye(4)
    texts = torch.tensor([[1, 1, 1, 3], [2, 2, 3, 3]])
    labels = torch.tensor([[1, 1, 1, -100], [2, -100, -100, -100]])
    found = prefix_extraction(table_model(texts, table), labels, prefix=1)
    assert found.extractable == (True, False)
    assert found.tokens == (2, 0)
    assert found.matching == (1.0, 0.0)


def test_shapes_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(UsageError):
        prefix_extraction(torch.zeros(2, 3, 4), torch.zeros(2, 4, dtype=torch.long), prefix=1)
    with pytest.raises(UsageError):
        prefix_extraction(torch.zeros(2, 3, 4), torch.zeros(2, 3, dtype=torch.long), prefix=0)
