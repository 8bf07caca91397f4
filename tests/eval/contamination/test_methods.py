"""The methods that read every row: near-duplicates and rephrasings."""

from __future__ import annotations

import pickle

import pytest

pytest.importorskip("numpy", reason="needs the extra data")

from provenir.core.errors import ProvenirError, UsageError
from provenir.eval.contamination import ContaminationChecker, ContaminationConfig
from provenir.eval.contamination.config import METHODS
from provenir.eval.contamination.scanners import make_scanner

QUESTION = (
    "A caravan of eleven camels left Timbuktu before dawn carrying salt slabs, and each camel "
    "bore four slabs of ninety pounds. How many pounds of salt did the caravan carry in all?"
)
EVAL = {"salt": [{"question": QUESTION, "answer": "Eleven times four times ninety is 3960"}]}
CLEAN = {"prompt": "Light becomes chemical energy that plants keep as sugar", "response": "yes"}
NEAR = {"prompt": QUESTION.replace("before dawn", "at dawn"), "response": "It is 3960. " * 30}
ASKED = {
    "prompt": "Four salt slabs of ninety pounds each were borne by every one of the eleven camels "
    "in a caravan leaving Timbuktu. What weight of salt in pounds did the caravan carry?"
}


def check(train, **settings):
    return ContaminationChecker(ContaminationConfig(**settings)).check_datasets(train, EVAL)


def test_a_field_that_nearly_is_a_question_is_a_near_duplicate():
    report = check([CLEAN, NEAR], method="minhash", threshold=0.6)
    (hit,) = report.hits
    assert (hit.train_index, hit.role, hit.method) == (1, "question", "minhash")
    assert 0.6 <= hit.score < 1
    assert hit.spans[0].train_field == "prompt"
    assert report.config.threshold == 0.6
    assert not check([CLEAN, NEAR], method="minhash", threshold=0.95).hits


def test_a_question_in_other_words_is_found_by_the_default_embedder():
    report = check([CLEAN, ASKED], method="embedding")
    (hit,) = report.hits
    assert (hit.train_index, hit.method, hit.eval_index) == (1, "embedding", 0)
    assert hit.spans[0].train_field == "prompt"
    assert report.config.settings["embedder"].startswith("hashed-features/")
    assert not check([CLEAN, ASKED]).hits


def test_items_that_ask_the_same_all_leak():
    items = [{"question": QUESTION, "answer": str(number)} for number in range(9)]
    items.insert(3, {"question": "Why?"})
    checker = ContaminationChecker(ContaminationConfig(method="embedding"))
    report = checker.check_datasets([CLEAN, ASKED], {"salt": [*items, {"question": "Why?"}]})
    (part,) = report.evals
    assert (part.leaked, part.too_short) == ("0-2,4-9", "3,10")
    assert {hit.eval_excerpt.text for hit in report.hits} == {QUESTION}


def test_an_embedder_of_ones_own_is_asked():
    def vectors(texts):
        return [[1.0, float(len(text) > 60)] for text in texts]

    report = check([CLEAN, ASKED], method="embedding", embedder=vectors, threshold=0.3)
    assert report.contaminated_rows == "1"


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "minhash", "threshold": 0.1},
        {"method": "embedding", "embedder": "no/such-model"},
        {"method": "embedding", "embedder": lambda texts: None, "threshold": 0.5},
    ],
)
def test_a_method_that_cannot_run_raises(settings):
    with pytest.raises(ProvenirError) as refused:
        check([CLEAN, ASKED], **settings)
    assert "\n" not in str(refused.value)


def test_what_is_no_embedder_is_refused():
    with pytest.raises(UsageError):
        check([CLEAN, ASKED], method="embedding", embedder=7, threshold=0.5)


@pytest.mark.parametrize("method", METHODS)
def test_a_scanner_can_be_sent_to_a_worker_and_stays_the_same(method):
    scanner = make_scanner(EVAL, ContaminationConfig(method=method))
    sent = pickle.loads(pickle.dumps(scanner))
    assert (sent.digest, sent.items, sent.config()) == (
        scanner.digest,
        scanner.items,
        scanner.config(),
    )
