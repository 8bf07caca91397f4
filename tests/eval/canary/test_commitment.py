"""What is published, what is kept, and what a third party can check with both."""

from __future__ import annotations

import stat

import pytest

from provenir.core.errors import DocumentError, UsageError
from provenir.eval.canary import CanaryCommitment, CanaryGuard, CanaryRegister

KEY = b"k" * 32


@pytest.fixture
def register():
    guard = CanaryGuard(KEY)
    minted = [guard.mint("private", recipient) for recipient in ("acme", "bolt", "core")]
    return CanaryRegister.of([*minted, CanaryGuard().mint("open")])


def test_a_claim_is_covered_by_what_was_published_before(register):
    published = CanaryCommitment.from_bytes(register.commitment().to_bytes(), where="published")
    for canary in register.tokens():
        assert published.covers(register.claim(canary))
    assert published.covers(register)


def test_nothing_else_is_covered(register):
    published = register.commitment()
    claim = register.claim(register.tokens()[0])
    (entry,) = claim.canaries
    for change in ({"recipient": "bolt"}, {"eval_set_id": "open"}, {"salt": "00" * 32}):
        altered = CanaryRegister(canaries=[entry.model_copy(update=change)])
        assert not published.covers(altered)
    assert not published.covers(CanaryRegister(canaries=[]))
    with pytest.raises(UsageError, match="does not hold"):
        register.claim(CanaryGuard(b"another").mint("private", "acme"))


def test_the_published_part_gives_no_canary_away(register):
    text = register.commitment().to_bytes().decode()
    for canary in register.tokens():
        assert canary not in text
        assert canary.digits not in text
        if not canary.keyed:
            assert canary.commitment() not in text  # anybody could work that out
    assert register.commitment().digests == sorted(register.commitment().digests)


def test_salts_are_fresh_and_only_where_they_are_needed():
    canary = CanaryGuard().mint("open")
    salts = {CanaryRegister.of([canary]).canaries[0].salt for _ in range(5)}
    assert len(salts) == 5
    assert CanaryRegister.of([CanaryGuard(KEY).mint("private")]).canaries[0].salt is None


def test_a_register_is_for_its_owner_alone_and_replaces_nothing(register, tmp_path):
    register.write_private(tmp_path / "register.json")
    assert stat.S_IMODE((tmp_path / "register.json").stat().st_mode) == 0o600
    assert CanaryRegister.read(tmp_path / "register.json").tokens() == register.tokens()
    with pytest.raises(UsageError, match="never overwritten"):
        register.write_private(tmp_path / "register.json")


@pytest.mark.parametrize(
    "change", [{"canary": "zz"}, {"salt": "no"}, {"salt": None, "keyed": False}, {"keyed": 1}]
)
def test_a_register_that_cannot_be_is_refused(register, change):
    value = register.model_dump()
    value["canaries"][0].update(change)
    with pytest.raises(DocumentError):
        CanaryRegister.from_value(value, where="test")


def test_a_commitment_out_of_order_is_refused(register):
    value = register.commitment().model_dump()
    value["digests"].reverse()
    with pytest.raises(DocumentError, match="ascending"):
        CanaryCommitment.from_value(value, where="test")
