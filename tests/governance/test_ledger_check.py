"""A training ledger level by level: what is wrong is found where it should be, and nothing else.

That the independent auditor says the same is asked in `tests/auditor/test_ledger_audit.py`.
"""

from __future__ import annotations

import json
import shutil

import pytest

from governed import AT, KEYS, TIME, HonestCases, make_case, seal, trust_text, vouching
from honest_ledgers import HONEST
from ledger_mutations import MUTATIONS
from ledgers import make_ledger
from provenir.core.clock import parse_utc
from provenir.flows.verify import Order, verify
from provenir.governance.ledger_check import check_ledger
from provenir.governance.ledger_check.answers import FOLLOWING, ROWS, Answers
from provenir.governance.run_check import verify_run
from provenir.governance.statements import Revocation, sign_statement
from provenir.governance.verdict import REASONS

BELOW = {"V0": None, "V1": "V0", "V2": "V1"}
NAMES = [name for names in ROWS.values() for name in names]


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    return HonestCases(tmp_path_factory.mktemp("honest"))


def judged(case, level=None, **changes):
    words = {"target": case.run, "trust": case.trust, "level": level, "at": parse_utc(AT)}
    return verify(Order(**{**words, **changes})).verdict


def rows_of(verdict):
    return {c.name: (c.status, c.reason) for c in verdict.checks if c.name in NAMES}


# ------------------------------------------------------------------------------------ the tables


def test_there_are_mutations_of_every_row_and_reason():
    assert len(MUTATIONS) >= 40
    assert len({one.name for one in MUTATIONS}) == len(MUTATIONS)
    assert {one.row for one in MUTATIONS} == set(NAMES)
    assert {one.by for one in MUTATIONS} == {"stranger", "operator"}
    named = {one.reason for one in MUTATIONS}
    of_a_ledger = set(REASONS) - set(list(REASONS)[: list(REASONS).index("ledger-mismatch")])
    of_a_ledger -= {"foreign-sampler", "not-asked", "not-given", "not-stated"}
    assert of_a_ledger <= named


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.name)
def test_it_is_found_at_its_level_and_not_below(mutation, honest, tmp_path):
    case = honest(mutation.settings).copy(tmp_path / "case")
    mutation.apply(case)
    verdict = judged(case, mutation.level)
    found = rows_of(verdict)
    assert found[mutation.row] == ("fail", mutation.reason)
    assert verdict.exit_code == 1
    assert verdict.assurance_established is None
    below = BELOW[mutation.level]
    if below is not None:
        lower = judged(case, below)
        assert lower.exit_code == 0, lower.failures
        assert lower.has_note(f"ledger_{below}")


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_run_reaches_v2(name, tmp_path):
    settings = dict(HONEST[name])
    claim = settings.get("claim", "L2")
    verdict = judged(make_case(tmp_path / "case", **settings), "V2")
    assert verdict.exit_code == 0, verdict.failures
    assert set(rows_of(verdict).values()) == {("pass", None)}
    assert verdict.assurance_established == claim
    assert verdict.has_note("ledger_V2")
    assert verdict.has_note("attested_facts")


# ------------------------------------------------------------------------------- levels and keys


def test_rows_above_the_level_are_not_asked(honest):
    verdict = judged(honest({}), "V0")
    found = rows_of(verdict)
    assert [name for name, row in found.items() if row == ("pass", None)] == list(ROWS["V0"])
    assert {found[name] for name in (*ROWS["V1"], *ROWS["V2"])} == {("not-checked", "not-asked")}
    assert verdict.exit_code == 0
    assert verdict.has_note("ledger_V0")
    assert verdict.assurance_established == "L0"


@pytest.mark.parametrize("name", ["rows.jsonl", "disclosure.json", "metadata.jsonl"])
def test_what_was_not_disclosed_leaves_v2_open(honest, tmp_path, name):
    case = honest({}).copy(tmp_path / "case")
    (case.governed / "private" / name).unlink()
    asked, free = judged(case, "V2"), judged(case)
    assert rows_of(asked)["V2 admission"] == ("undecided", "not-given")
    assert rows_of(asked)["V2 order"] == ("undecided", "not-given")
    assert asked.exit_code == 3
    assert rows_of(free)["V2 order"] == ("not-checked", "not-given")
    assert free.exit_code == 0
    assert free.has_note("ledger_V1")
    assert free.assurance_established == "L0"
    assert next(c for c in free.checks if c.name == "assurance").reason == "not-given"


def test_without_a_trust_policy_nobody_says_who_may_sign(honest, tmp_path):
    case = honest({})
    KEYS.operator.write(tmp_path / "olga")
    key = KEYS.operator.verification_key
    verdict = judged(case, trust=None, keys=(key,))
    assert rows_of(verdict)["V0 ledger"] == ("not-checked", "no-trust-policy")
    assert rows_of(verdict)["V0 roles"] == ("not-checked", "no-trust-policy")
    assert rows_of(verdict)["V1 chain"] == ("pass", None)
    assert verdict.exit_code == 0
    assert verdict.assurance_established == "L0"
    asked = judged(case, "V2", trust=None, keys=(key,))
    assert rows_of(asked)["V0 roles"] == ("undecided", "no-trust-policy")
    assert asked.exit_code == 3


def test_a_role_without_a_key_leaves_v0_open(honest, tmp_path):
    case = honest({}).copy(tmp_path / "case")
    lines = trust_text(KEYS, require={"declared": ["operator"]}).decode().split("[[keys]]")
    case.trust.write_text("[[keys]]".join(part for part in lines if '"grace"' not in part))
    verdict = judged(case, "V2")
    assert rows_of(verdict)["V0 roles"] == ("undecided", "no-key")
    assert verdict.exit_code == 3


def test_a_passport_alone_leaves_the_ledger_undecided(honest):
    case = honest({})
    verdict = judged(case, "V0", target=case.run / "passport.json")
    assert verdict.reasons == ("not-given",)
    assert verdict.exit_code == 3
    assert judged(case, target=case.run / "passport.json").exit_code == 0


def test_a_passport_without_a_ledger_is_asked_only_with_a_level(honest, tmp_path):
    case = honest({}).copy(tmp_path / "case")
    seal(case, claim="L0", ledger_root=None, statements=[])
    assert rows_of(judged(case)) == {}
    assert rows_of(judged(case, "V1"))["V0 ledger"] == ("fail", "ledger-mismatch")


def test_a_foreign_sampler_reaches_v1_and_no_assurance_above_l0(tmp_path):
    case = make_case(tmp_path / "case", foreign_sampler=True, claim="L0")
    asked, free = judged(case, "V2"), judged(case)
    assert rows_of(asked)["V2 order"] == ("undecided", "foreign-sampler")
    assert asked.exit_code == 3
    assert rows_of(free)["V2 order"] == ("not-checked", "foreign-sampler")
    assert free.exit_code == 0
    assert free.assurance_established == "L0"
    seal(case, claim="L2")
    assert judged(case).reasons == ("flags-mismatch",)


def test_l2_is_not_claimed_where_nothing_was_routed(tmp_path):
    case = make_case(tmp_path / "case", routing="admission-only", claim="L2")
    assert judged(case, "V2").reasons == ("flags-mismatch",)


@pytest.mark.parametrize("settings", [{"halt_after": 5}, {"halt_after": 4}, {"halt_after": 1}])
def test_a_run_that_ended_early_may_leave_its_segment_open(tmp_path, settings):
    case = make_case(tmp_path / "case", hash_every=3, **settings)
    books = case.books()
    books.steps[-1]["param_post"] = None
    books.save()
    assert judged(case, "V2").assurance_established == "L2"
    books.close["status"] = "completed"
    books.documents["intent"]["total_steps"] = books.close["n_steps"]
    books.save()
    assert "parameter-break" in judged(case, "V1").reasons


def test_a_verdict_says_how_often_parameters_were_hashed(honest):
    row = next(c for c in judged(honest({"hash_every": 3})).checks if c.name == "V1 parameters")
    assert "every 3 steps" in row.detail


def test_a_policy_that_was_taken_back_is_no_policy(honest, tmp_path):
    case = honest({}).copy(tmp_path / "case")
    policy = vouching(case, case.books().header)[-1]
    revocation = Revocation(
        what="statement", revoked=policy.digest, reason="replaced", revoked_at=TIME, issued_at=TIME
    )
    folder = case.trust.parent / "revocations"
    folder.mkdir()
    signed = sign_statement(revocation, [KEYS.governance])
    (folder / "policy.dsse.json").write_bytes(signed.envelope.to_bytes())
    assert judged(case, "V2").reasons == ("revoked",)


def test_an_open_segment_in_which_nothing_moved_ends_as_it_began(tmp_path):
    skipped = dict.fromkeys(range(4, 9), "gradient-spike")
    case = make_case(tmp_path / "case", hash_every=3, halt_after=5, skipped=skipped)
    books = case.books()
    books.steps[-1]["param_post"] = None
    books.save()
    assert judged(case, "V2").exit_code == 0
    moved = next(tensor for tensor in books.final["tensors"] if tensor["trainable"])
    moved["sha256"] = "ab" * 32
    books.save(models=[])
    assert rows_of(judged(case, "V1"))["V1 parameters"] == ("fail", "endpoint-mismatch")


# --------------------------------------------------------------------------------- without a key


def test_an_unsigned_run_is_judged_as_far_as_it_goes(tmp_path):
    case = make_case(tmp_path / "case")
    (case.run / "passport.json").unlink()
    verdict = verify_run(case.run, level="V2")
    found = rows_of(verdict)
    assert found["V0 ledger"] == ("undecided", "no-trust-policy")
    assert found["V0 roles"] == ("undecided", "no-trust-policy")
    assert found["V2 metadata"] == ("undecided", "no-trust-policy"), "its source should have signed"
    open_rows = {"V0 ledger", "V0 roles", "V2 metadata"}
    assert {row for name, row in found.items() if name not in open_rows} == {("pass", None)}
    books = case.books()
    books.details[0]["batch"][0]["factor"] = 999
    books.save(sealed=False)
    assert "route-mismatch" in verify_run(case.run).reasons


def test_a_run_without_a_ledger_has_no_rows_of_one(tmp_path):
    case = make_case(tmp_path / "case")
    shutil.rmtree(case.governed)
    (case.run / "passport.json").unlink()
    assert rows_of(verify_run(case.run)) == {}
    assert rows_of(verify_run(case.run, level="V0"))["V0 ledger"] == ("fail", "missing-report")


def test_a_folder_alone_is_enough_for_the_check(tmp_path):
    made = make_ledger(tmp_path / "run" / "governed")
    verdict = check_ledger(made.folder, level=None)
    assert verdict.reached is None
    assert not [check for check in verdict.checks if check.status == "fail" and "V1" in check.name]


# ----------------------------------------------------------------------------------- the answers


def test_every_row_that_follows_is_a_later_row():
    for row, following in FOLLOWING.items():
        assert all(NAMES.index(row) < NAMES.index(other) for other in following)


def test_what_was_given_up_is_not_reached():
    answers = Answers("V2")
    answers.give_up()
    assert {c.reason for c in answers.checks() if c.name != "V0 ledger"} == {"not-reached"}
    assert answers.reached() is None


def test_a_verdict_with_a_ledger_is_a_document(honest):
    case = honest({})
    document = verify(Order(target=case.run, trust=case.trust, at=parse_utc(AT))).document
    assert json.loads(document.to_bytes())["assurance_established"] == "L2"
