"""What may be wrong with a governed run: each with the lowest level that finds it, row and reason.

Two kinds of hands. A stranger (`by="stranger"`) changes files and can sign nothing. The operator
(`by="operator"`) makes everything that follows from the change again, the chain, the roots, the
close, and signs close and passport: what is left is what the other parties signed, and arithmetic.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from governed import KEYS, Books, Case, resign_close, seal, trust_text, vouching, write_run
from policies import key_table, policy_text
from provenir.core.digest import digest_bytes
from provenir.governance.statements import PolicyStatement, sign_statement
from provenir.provenance.artifact import identify_artifact

By = Literal["stranger", "operator"]
LATE = {"start": "2026-03-01T18:00:00.000Z"}
SAVED = {"snapshot_every": 2, "killed_after": (5,)}
NOTHING_LEFT = {"interventions": {2: [(row, "lower", 0) for row in range(24)]}}
MARKED = {"interventions": {2: [(0, "exclude", None), (1, "lower", 250)]}, "epochs": 3}


@dataclass(frozen=True)
class Mutation:
    """One thing that is wrong.

    Attributes:
        level: The lowest level that finds it.
        row: The row that fails.
        reason: Why.
        by: Whose hands did it.
        settings: Of the honest run that it begins with.
        apply: Does it, in the case's folder.
    """

    name: str
    level: str
    row: str
    reason: str
    by: By
    apply: Callable[[Case], None]
    settings: dict[str, Any] = field(default_factory=dict)


MUTATIONS: list[Mutation] = []


def mutation(row: str, reason: str, *, by: By = "operator", **settings: Any) -> Any:
    """Enter a mutation; of the operator's, the function changes the books and may return what
    `Books.save` is to be told."""

    def enter(function: Callable[[Any], Any]) -> Any:
        def by_operator(case: Case) -> None:
            books = case.books()
            books.save(**(function(books) or {}))

        apply = function if by == "stranger" else by_operator
        name = function.__name__.replace("_", " ")
        MUTATIONS.append(Mutation(name, row[:2], row, reason, by, apply, settings))
        return function

    return enter


def whole(row: str, reason: str, **more: Any) -> Any:
    """Enter a mutation of the operator's that signs for itself, in the case's folder."""

    def enter(function: Callable[[Case], Any]) -> Any:
        mutation(row, reason, by="stranger", **more)(function)
        MUTATIONS[-1] = Mutation(**{**vars(MUTATIONS[-1]), "by": "operator"})
        return function

    return enter


# ------------------------------------------------------------------- by a stranger, without a key


def edit(case: Case, name: str, change: Callable[[list[Any]], Any]) -> None:
    """Change the values of a file's lines, and nothing else."""
    path = case.governed / name
    values = [json.loads(line) for line in path.read_bytes().splitlines()]
    change(values)
    lines = [json.dumps(v, sort_keys=True, separators=(",", ":")).encode() for v in values]
    path.write_bytes(b"".join(line + b"\n" * name.endswith("l") for line in lines))


@mutation("V0 ledger", "ledger-mismatch", by="stranger")
def a_learning_rate_changed(case):
    edit(case, "ledger.jsonl", lambda lines: lines[1].update(lr="0.5"))


@mutation("V0 ledger", "ledger-mismatch", by="stranger")
def two_records_swapped(case):
    def swap(lines):
        lines[2], lines[3] = lines[3], lines[2]

    edit(case, "ledger.jsonl", swap)


@mutation("V0 ledger", "ledger-mismatch", by="stranger")
def the_close_cut_off(case):
    edit(case, "ledger.jsonl", lambda lines: lines.pop())


@mutation("V0 ledger", "ledger-mismatch", by="stranger")
def a_step_left_out_and_the_chain_made_again(case):
    books = case.books()
    del books.records[3], books.details[2]
    for number, record in enumerate(books.steps, 1):
        record["step"] = books.details[number - 1]["step"] = number
    books.close["n_steps"] -= 1
    books.save(sealed=False)


@mutation("V0 ledger", "ledger-mismatch", by="stranger")
def the_ledger_emptied(case):
    (case.governed / "ledger.jsonl").write_bytes(b"")


@mutation("V0 ledger", "missing-report", by="stranger")
def the_ledger_taken_away(case):
    (case.governed / "ledger.jsonl").unlink()


@mutation("V0 ledger", "missing-report", by="stranger")
def the_folder_taken_away(case):
    shutil.rmtree(case.governed)


@mutation("V0 ledger", "missing-report", by="stranger")
def the_folder_a_link(case):
    shutil.move(case.governed, case.place / "elsewhere")
    case.governed.symlink_to(case.place / "elsewhere")


@mutation("V0 ledger", "missing-report", by="stranger")
def the_close_statement_taken_away(case):
    (case.governed / "close.json").unlink()


@mutation("V0 ledger", "malformed", by="stranger")
def the_close_statement_unreadable(case):
    (case.governed / "close.json").write_bytes(b'{"payload": 1}')


@mutation("V0 ledger", "malformed", by="stranger")
def a_line_in_another_spelling(case):
    path = case.governed / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"kind":"step"', b'"kind": "step"', 1))


@mutation("V0 ledger", "malformed", by="stranger")
def a_key_twice(case):
    path = case.governed / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"dropped":', b'"dropped":9,"dropped":', 1))


@mutation("V0 ledger", "malformed", by="stranger")
def a_real_number(case):
    edit(case, "ledger.jsonl", lambda lines: lines[1].update(dropped=0.5))


@mutation("V0 ledger", "malformed", by="stranger")
def an_unknown_field(case):
    edit(case, "ledger.jsonl", lambda lines: lines[1].update(more=1))


@mutation("V0 ledger", "malformed", by="stranger")
def the_last_line_torn(case):
    path = case.governed / "ledger.jsonl"
    path.write_bytes(path.read_bytes()[:-1])


@mutation("V0 ledger", "unknown-key", by="stranger")
def the_close_signed_by_a_stranger(case):
    resign_close(case, KEYS.stranger)


@mutation("V0 files", "changed-report", by="stranger")
def the_policy_replaced(case):
    def allow_all(values):
        values[0]["rules"] = [
            {"name": "all", "when": True, "effect": "allow", "reasons": ["all"], "cap": None}
        ]

    edit(case, "policy.json", allow_all)


@mutation("V0 files", "missing-report", by="stranger")
def the_policy_taken_away(case):
    (case.governed / "policy.json").unlink()


@mutation("V0 files", "changed-report", by="stranger")
def the_profiles_replaced(case):
    edit(case, "profiles.json", lambda v: v[0]["profiles"][0]["weights"].update(head=1))


@mutation("V0 files", "changed-report", by="stranger")
def the_routes_replaced(case):
    edit(case, "routes.json", lambda v: v[0]["routes"].pop())


@mutation("V0 files", "changed-report", by="stranger")
def the_block_map_replaced(case):
    edit(case, "blocks.json", lambda v: v[0]["parameters"][0].update(trainable=False))


@mutation("V0 files", "changed-report", by="stranger")
def the_intent_replaced(case):
    edit(case, "intent.json", lambda v: v[0].update(total_steps=1))


@mutation("V0 files", "changed-report", by="stranger")
def an_admission_flipped(case):
    def flip(lines):
        line = next(one for one in lines if one["effect"] == "deny")
        line.update(effect="allow", profile="plain", route=0, rule="open", reasons=["open_rights"])

    edit(case, "admission.jsonl", flip)


@mutation("V0 files", "changed-report", by="stranger")
def a_row_left_out_of_the_admission(case):
    edit(case, "admission.jsonl", lambda lines: lines.pop())


@mutation("V0 files", "missing-report", by="stranger")
def the_admission_a_folder(case):
    (case.governed / "admission.jsonl").unlink()
    (case.governed / "admission.jsonl").mkdir()


@mutation("V0 model", "artifact-mismatch", by="stranger")
def a_final_tensor_replaced(case):
    edit(case, "final.json", lambda v: v[0]["tensors"][0].update(sha256="ab" * 32))


@mutation("V0 model", "missing-report", by="stranger")
def the_final_tensors_taken_away(case):
    (case.governed / "final.json").unlink()


@mutation("V0 model", "malformed", by="stranger")
def the_final_tensors_unreadable(case):
    (case.governed / "final.json").write_bytes(b"[" * 1000)


@mutation("V1 batches", "details-mismatch", by="stranger")
def an_entry_of_the_details_replaced(case):
    edit(case, "details.jsonl", lambda lines: lines[1]["batch"][0].update(row=0))


@mutation("V1 batches", "details-mismatch", by="stranger")
def a_norm_of_the_details_replaced(case):
    edit(case, "details.jsonl", lambda lines: lines[1]["units"][1].update(delta_norm="0.125"))


@mutation("V1 batches", "missing-report", by="stranger")
def the_details_taken_away(case):
    (case.governed / "details.jsonl").unlink()


@mutation("V1 batches", "details-mismatch", by="stranger")
def a_line_of_the_details_too_many(case):
    edit(case, "details.jsonl", lambda lines: lines.append(lines[-1]))


@mutation("V1 batches", "details-mismatch", by="stranger")
def a_line_of_the_details_too_few(case):
    edit(case, "details.jsonl", lambda lines: lines.pop())


@mutation("V1 batches", "details-mismatch", by="stranger")
def the_details_torn(case):
    path = case.governed / "details.jsonl"
    path.write_bytes(path.read_bytes()[:-20])


@mutation("V2 dataset", "dataset-mismatch", by="stranger")
def a_disclosed_content_replaced(case):
    digest = digest_bytes(b"another")
    edit(case, "private/rows.jsonl", lambda lines: lines[4].update(content=digest))


@mutation("V2 dataset", "dataset-mismatch", by="stranger")
def two_disclosed_rows_exchanged(case):
    def swap(lines):
        lines[0]["content"], lines[5]["content"] = lines[5]["content"], lines[0]["content"]

    edit(case, "private/rows.jsonl", swap)


@mutation("V2 dataset", "dataset-mismatch", by="stranger")
def another_key_disclosed(case):
    edit(case, "private/disclosure.json", lambda v: v[0].update(example_key="ab" * 32))


@mutation("V2 dataset", "dataset-mismatch", by="stranger")
def the_disclosure_of_another_run(case):
    edit(case, "private/disclosure.json", lambda v: v[0].update(run_id="another"))


@mutation("V2 metadata", "metadata-mismatch", by="stranger")
def the_rights_of_a_content_raised(case):
    def rise(lines):
        next(one for one in lines if one["rights"] == "restricted")["rights"] = "open"

    edit(case, "private/metadata.jsonl", rise)


@mutation("V2 metadata", "metadata-mismatch", by="stranger")
def a_line_of_metadata_left_out(case):
    edit(case, "private/metadata.jsonl", lambda lines: lines.pop(3))


@mutation("V2 metadata", "metadata-mismatch", by="stranger")
def a_licence_prolonged(case):
    def prolong(lines):
        line = next(one for one in lines if one["license_expires"] == "2026-02-28")
        line["license_expires"] = "2027-02-28"

    edit(case, "private/metadata.jsonl", prolong)


# -------------------------------------------------- by the operator: model, chain, intent, roles


@mutation("V0 model", "artifact-mismatch")
def another_model_in_the_passport(books):
    other = books.case.place / "other"
    shutil.copytree(books.case.model, other)
    data = (other / "model.safetensors").read_bytes()
    (other / "model.safetensors").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    return {"models": [other]}


@mutation("V0 model", "artifact-mismatch")
def an_ungoverned_model_beside_the_released_one(books):
    other = books.case.place / "other"
    shutil.copytree(books.case.model, other)
    data = (other / "model.safetensors").read_bytes()
    (other / "model.safetensors").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    return {"models": [books.case.model, other]}


@mutation("V0 model", "artifact-mismatch")
def a_model_without_a_tensor_root(books):
    other = books.case.place / "other"
    other.mkdir()
    (other / "pytorch_model.bin").write_bytes(b"pickled")
    return {"models": [other]}


@mutation("V0 model", "artifact-mismatch")
def a_model_where_nothing_was_released(books):
    for listed in (books.final["tensors"], books.documents["blocks"]["parameters"]):
        for one in listed:
            one["released"] = False


@mutation("V0 model", "artifact-mismatch")
def a_tensor_beyond_the_block_map(books):
    more = {"name": "model.norm2.weight", "dtype": "U8", "shape": [8], "sha256": "ab" * 32}
    books.final["tensors"].append({**more, "trainable": True, "released": False})
    books.final["tensors"].sort(key=lambda tensor: tensor["name"])


@mutation("V0 files", "malformed")
def a_parameter_in_another_block(books):
    books.documents["blocks"]["parameters"][0]["block"] = "layer.0"


@mutation("V0 files", "malformed")
def a_policy_that_asks_for_an_unknown_field(books):
    books.documents["policy"]["rules"][0]["when"] = ["==", {"field": "colour"}, "red"]


@mutation("V0 files", "malformed")
def an_admission_with_a_route_and_a_denial(books):
    books.admission[books.of_effect("deny")]["route"] = 0


@mutation("V0 files", "changed-report")
def a_table_that_the_policy_does_not_name(books):
    books.documents["profiles"]["version"] = 2
    books.header["profiles"] = digest_bytes(
        json.dumps(books.documents["profiles"], sort_keys=True, separators=(",", ":")).encode()
    )
    return {"keep": ["documents"]}


@mutation("V0 ledger", "ledger-mismatch")
def a_root_over_other_records(books):
    books.close["records"]["root"] = digest_bytes(b"other")
    return {"keep": ["close"]}


@whole("V0 ledger", "ledger-mismatch")
def a_passport_of_another_ledger(case):
    seal(case)
    lines = (case.governed / "ledger.jsonl").read_bytes()
    passport = (case.run / "passport.json").read_bytes()
    books = case.books()
    books.steps[0]["lr"] = "0.5"
    books.save()
    (case.run / "passport.json").write_bytes(passport)
    assert lines != (case.governed / "ledger.jsonl").read_bytes()


@whole("V0 ledger", "ledger-mismatch")
def a_close_that_counts_otherwise(case):
    signed = resign_close(case, KEYS.operator, n=99)
    header = case.books().header
    _reseal_around(case, signed, header)


@whole("V0 ledger", "ledger-mismatch")
def a_close_that_the_passport_does_not_list(case):
    resign_close(case, KEYS.operator, issued_at="2026-03-11T00:00:00.000Z")


@mutation("V0 ledger", "ledger-mismatch")
def a_dataset_that_was_to_be_evaluated_on(books):
    return {"role": "eval"}


@mutation("V0 ledger", "bad-signature", by="stranger")
def the_close_without_a_signature(case):
    path = case.governed / "close.json"
    envelope = json.loads(path.read_bytes())
    path.write_text(json.dumps({**envelope, "signatures": []}))


@whole("V0 roles", "wrong-role")
def data_source_and_governance_exchanged(case):
    header = case.books().header
    source, metadata, policy = vouching(case, header)
    swapped = [
        sign_statement(source.claim, [KEYS.governance]),
        sign_statement(metadata.claim, [KEYS.governance]),
        sign_statement(policy.claim, [KEYS.source]),
    ]
    seal(case, statements=swapped)


@whole("V0 ledger", "wrong-role")
def the_close_signed_by_governance(case):
    seal(case, closer=KEYS.governance)


def _reseal_around(case: Case, closing: Any, header: dict[str, Any]) -> None:
    root = closing.claim.root
    write_run(case, header, [closing, *vouching(case, header)], "L2", None, ledger_root=root)


@mutation("V0 roles", "missing-statement")
def a_policy_that_governance_did_not_sign(books):
    vouched = vouching(books.case, books.header)
    everything = {"name": "all", "when": True, "effect": "allow", "reasons": ["all"], "cap": None}
    books.documents["policy"]["rules"].insert(0, everything)
    return {"statements": vouched}


@mutation("V0 roles", "wrong-role")
def a_policy_that_the_operator_signed(books):
    source = vouching(books.case, books.header)[:2]
    claim = PolicyStatement(
        name="acme", policy=books.header["policy"], issued_at="2026-03-10T00:00:00.000Z"
    )
    return {"statements": [*source, sign_statement(claim, [KEYS.operator])]}


@mutation("V0 roles", "missing-statement")
def no_policy_statement(books):
    return {"statements": vouching(books.case, books.header)[:2]}


@mutation("V0 roles", "missing-statement")
def no_metadata_statement(books):
    source, _, policy = vouching(books.case, books.header)
    return {"statements": [source, policy]}


@mutation("V0 roles", "missing-statement")
def a_dataset_that_its_source_did_not_sign(books):
    vouched = vouching(books.case, books.header)
    books.rows[4]["content"] = digest_bytes(b"poison")
    return {"statements": vouched}


@mutation("V0 roles", "missing-statement")
def two_rows_exchanged_in_dataset_and_ledger(books):
    vouched = vouching(books.case, books.header)
    rows = books.rows
    rows[0]["content"], rows[5]["content"] = rows[5]["content"], rows[0]["content"]
    return {"statements": vouched}


@mutation("V0 roles", "missing-statement")
def metadata_that_its_source_did_not_sign(books):
    vouched = vouching(books.case, books.header)
    next(one for one in books.metadata if one["rights"] == "restricted")["rights"] = "open"
    return {"statements": vouched}


@mutation("V2 admission", "admission-mismatch")
def all_metadata_dropped_from_the_header(books):
    """The claim that nobody gave any, with the source's statement about some still there."""
    vouched = vouching(books.case, books.header)
    books.metadata.clear()
    return {"statements": vouched}


@whole("V0 model", "artifact-mismatch")
def other_weights_under_another_kind(case):
    """What is called a checkpoint is asked about as well, where nothing else was released."""
    path = case.model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-8] + b"tampered")
    seal(case, models=[identify_artifact(case.model, kind="checkpoint")])


@whole("V0 ledger", "ledger-mismatch")
def another_dataset_trained_on_beside_it(case):
    seal(case, beside=[digest_bytes(b"rows that nobody admitted")])


@whole("V0 roles", "one-key")
def one_key_in_two_roles(case):
    tables = (
        key_table(KEYS.operator, "operator", "governance", id="olga"),
        key_table(KEYS.source, "data-source", id="dan"),
    )
    _trust(case, tables)
    header = case.books().header
    source, metadata, policy = vouching(case, header)
    seal(
        case,
        statements=[source, metadata, sign_statement(policy.claim, [KEYS.operator])],
    )


@whole("V0 roles", "compromised-key")
def the_source_compromised(case):
    tables = (
        key_table(KEYS.operator, "operator", id="olga"),
        key_table(KEYS.source, "data-source", id="dan", compromised_at="2026-03-15T00:00:00Z"),
        key_table(KEYS.governance, "governance", id="grace"),
    )
    _trust(case, tables)


@whole("V0 roles", "below-threshold")
def one_of_two_governors(case):
    more = key_table(KEYS.stranger, "governance", id="gary")
    case.trust.write_bytes(trust_text(KEYS, more, thresholds={"governance": 2}))


def _trust(case: Case, tables: Any) -> None:
    require = {"declared": ["operator"], "L1": ["data-source", "governance"]}
    case.trust.write_bytes(policy_text(tables, require=require))


@mutation("V1 chain", "ledger-gap")
def a_step_left_out(books):
    del books.records[3], books.details[2]
    books.close["n_steps"] -= 1


@mutation("V1 chain", "ledger-gap")
def a_number_left_out(books):
    for record in books.records[3:]:
        record["seq"] += 1
    return {"keep": ["seq"]}


@mutation("V1 chain", "ledger-gap")
def a_step_twice(books):
    books.records.insert(3, dict(books.records[2]))
    books.details.insert(2, books.details[1])


@mutation("V1 chain", "ledger-gap")
def an_end_that_counts_otherwise(books):
    books.close["n_steps"] += 1


@mutation("V1 chain", "ledger-fork")
def a_record_of_another_branch(books):
    books.records[4]["prev"] = digest_bytes(b"another branch")
    return {"keep": ["prev"]}


@mutation("V1 chain", "out-of-order")
def time_that_goes_back(books):
    books.steps[3]["time"] = books.steps[1]["time"]


@mutation("V1 chain", "out-of-order")
def a_second_close(books):
    two = {"n_steps": 2, "time": books.steps[1]["time"]}
    books.records.insert(3, {**books.close, **two})


@mutation("V1 chain", "out-of-order")
def a_step_after_a_halt(books):
    books.records.insert(4, _intervention(books, 3, action="halt"))


@mutation("V1 chain", "ledger-gap")
def an_intervention_after_another_step(books):
    books.records.insert(4, {**_intervention(books, 3), "step": 1})


def _intervention(books: Books, step: int, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "intervention",
        "seq": 0,
        "prev": None,
        "time": books.steps[step - 1]["time"],
        "step": step,
        "row": 0,
        "action": "annotate",
        "factor": None,
        "reason": "memorized",
        "measure": "4.5",
        **changes,
    }


@mutation("V1 intent", "intent-mismatch")
def another_batch_size_than_was_planned(books):
    books.documents["intent"]["sampler"]["batch"] = 3
    return {"keep": ["intent"]}


@mutation("V1 intent", "intent-mismatch")
def another_optimizer_than_was_planned(books):
    books.header["optimizer"]["lr"] = "0.1"
    return {"keep": ["intent"]}


@mutation("V1 intent", "step-count")
def more_steps_planned_than_made(books):
    books.documents["intent"]["total_steps"] += 1


@mutation("V1 intent", "step-count", halt_after=3)
def a_halted_run_called_completed(books):
    books.close["status"] = "completed"


@mutation("V1 parameters", "parameter-break")
def parameters_replaced_between_two_steps(books):
    books.steps[4]["param_pre"] = digest_bytes(b"loaded from elsewhere")


@mutation("V1 parameters", "parameter-break", hash_every=2)
def parameters_replaced_between_two_segments(books):
    books.steps[2]["param_pre"] = digest_bytes(b"loaded from elsewhere")


@mutation("V1 parameters", "parameter-break", hash_every=2)
def a_segment_longer_than_stated(books):
    first, second = books.steps[1], books.steps[2]
    first["param_post"] = second["param_pre"] = None


@mutation("V1 parameters", "parameter-break", skipped={3: "gradient-spike"})
def parameters_changed_by_a_skipped_step(books):
    books.steps[2]["param_post"] = books.steps[3]["param_pre"] = digest_bytes(b"moved")


@mutation("V1 parameters", "parameter-break", **NOTHING_LEFT)
def parameters_changed_where_no_block_moved(books):
    books.steps[3]["param_post"] = books.steps[4]["param_pre"] = digest_bytes(b"moved")


@mutation("V1 parameters", "endpoint-mismatch")
def a_beginning_with_other_parameters(books):
    books.header["initial"]["root"] = digest_bytes(b"other")


@mutation("V1 parameters", "endpoint-mismatch")
def an_end_with_other_parameters(books):
    """The model that is released was made by something else after the last step."""
    case, final = books.case, books.final["tensors"]
    name = "model.layers.0.mlp.up_proj.weight"
    tensor = next(one for one in final if one["name"] == name)
    path = case.model / "model.safetensors"
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little") + 8
    begin = json.loads(data[8:size])[name]["data_offsets"][0] + size
    path.write_bytes(data[:begin] + b"tampered" + data[begin + 8 :])
    tensor["sha256"] = hashlib.sha256(b"tampered").hexdigest()


@mutation("V1 parameters", "frozen-changed")
def a_frozen_tensor_changed(books):
    books.header["frozen"]["root"] = digest_bytes(b"before")


@mutation("V1 parameters", "parameter-break", snapshot_every=2)
def a_snapshot_of_other_parameters(books):
    saved = next(record for record in books.records if record["kind"] == "snapshot")
    saved["param_root"] = digest_bytes(b"elsewhere")


@mutation("V1 parameters", "parameter-break", **SAVED)
def a_resume_from_another_state(books):
    resumed = next(record for record in books.records if record["kind"] == "resume")
    resumed["opt_root"] = digest_bytes(b"elsewhere")


@mutation("V1 parameters", "endpoint-mismatch", frozen=(), bands=False)
def another_base_named_where_all_is_trained(books):
    """The policy is for one base, and the run began with another."""
    books.header["base"]["root"] = digest_bytes(b"the one that the policy is for")
    books.documents["policy"]["base"] = books.header["base"]["root"]


@mutation("V1 parameters", "endpoint-mismatch", bands=False)
def a_base_of_more_tensors(books):
    books.header["base"]["n"] += 1


@mutation("V1 parameters", "missing-report", by="stranger", **SAVED)
def the_discarded_records_taken_away(case):
    (case.governed / "ledger.discarded-0.jsonl").unlink()


@mutation("V1 parameters", "missing-report", by="stranger", **SAVED)
def lines_that_are_no_records_in_place_of_the_discarded(case):
    (case.governed / "ledger.discarded-0.jsonl").write_bytes(b"\n" * 1_000_000)


@mutation("V1 parameters", "missing-report", by="stranger", **SAVED)
def a_discarded_record_changed(case):
    edit(case, "ledger.discarded-0.jsonl", lambda lines: lines[0].update(lr="0.5"))


@mutation("V1 parameters", "parameter-break", **SAVED)
def a_resume_without_a_snapshot(books):
    books.records = [record for record in books.records if record["kind"] != "snapshot"]


# ---------------------------------------------------------------- by the operator: the batches


@mutation("V1 batches", "not-admitted")
def a_denied_row_in_a_batch(books):
    books.details[1]["batch"][0]["row"] = books.of_effect("deny")


@mutation("V1 batches", "not-admitted")
def a_row_under_review_in_a_batch(books):
    books.details[1]["batch"][0]["row"] = books.of_effect("review")


@mutation("V1 batches", "not-admitted")
def a_row_beyond_the_dataset(books):
    books.details[1]["batch"][0]["row"] = 24


@mutation("V1 batches", "not-admitted", **MARKED)
def an_excluded_row_in_a_batch(books):
    books.details[5]["batch"][0].update(row=0, factor=1000)
    books.reweigh(books.steps[5], books.details[5])


@mutation("V1 batches", "route-mismatch", **MARKED)
def a_lowered_row_at_its_full_weight(books):
    for record, detail in list(zip(books.steps, books.details, strict=True))[2:]:
        for entry in detail["batch"]:
            if entry["row"] == 1:
                entry["factor"] = 1000
                books.reweigh(record, detail)


@mutation("V1 batches", "route-mismatch")
def a_factor_that_nobody_lowered(books):
    books.details[1]["batch"][0]["factor"] = 900
    books.reweigh(books.steps[1], books.details[1])


@mutation("V1 batches", "route-mismatch")
def a_route_that_there_is_not(books):
    books.details[1]["batch"][0]["route"] = 99


@mutation("V1 batches", "route-mismatch")
def other_weights_than_those_of_the_routes(books):
    books.steps[1]["w_digest"] = digest_bytes(b"[[1000,1000,1000,1000,1000]]")


@mutation("V1 batches", "route-mismatch")
def a_sum_of_weights_too_small(books):
    books.details[1]["units"][2]["weight_sum"] -= 1


@mutation("V1 batches", "route-mismatch")
def a_block_that_moved_said_to_be_skipped(books):
    books.details[1]["units"][3].update(state="skipped", delta_norm="0.0")


@mutation("V1 batches", "route-mismatch")
def a_frozen_block_that_moved(books):
    books.details[1]["units"][0]["delta_norm"] = "0.5"


@mutation("V1 batches", "route-mismatch")
def a_block_left_out_of_the_details(books):
    books.details[1]["units"].pop()


@mutation("V1 batches", "route-mismatch")
def a_routed_run_called_admission_only(books):
    books.header["routing"] = "admission-only"


@mutation("V1 batches", "details-mismatch")
def more_rows_in_the_microbatches_than_in_the_batch(books):
    books.steps[1]["micro"].append(1)


@mutation("V1 batches", "details-mismatch")
def an_update_without_a_batch(books):
    books.details[1]["batch"].clear()
    books.steps[1].update(micro=[], dropped=4)
    books.reweigh(books.steps[1], books.details[1])


# ------------------------------------------------------ by the operator: what policy would give


@mutation("V2 dataset", "dataset-mismatch")
def commitments_to_other_rows(books):
    books.admission[4]["example"] = digest_bytes(b"another")
    return {"keep": ["commit"]}


@mutation("V2 admission", "admission-mismatch")
def a_denial_flipped(books):
    line = books.admission[books.of_effect("deny", rule=None, reasons=["no_rule"])]
    line.update(effect="allow", rule="open", reasons=["open_rights"], profile="plain")
    line["route"] = len(books.documents["routes"]["routes"]) - 1


@mutation("V2 admission", "admission-mismatch")
def a_withdrawn_consent_overlooked(books):
    line = books.admission[books.of_effect("deny", rule="withdrawn")]
    line.update(effect="allow", rule="open", reasons=["open_rights"], profile="plain")
    line["route"] = len(books.documents["routes"]["routes"]) - 1


@mutation("V2 admission", "admission-mismatch")
def a_restricted_row_at_its_full_weight(books):
    line = books.admission[books.of_effect("attenuate")]
    line.update(effect="allow", route=len(books.documents["routes"]["routes"]) - 1)


@mutation("V2 admission", "admission-mismatch")
def a_row_denied_for_no_reason(books):
    line = books.admission[books.of_effect("allow")]
    line.update(effect="deny", rule=None, reasons=["no_rule"], profile=None, route=None)
    line_row = line["row"]
    for record, detail in zip(books.steps, books.details, strict=True):
        detail["batch"] = [e for e in detail["batch"] if e["row"] != line_row] or detail["batch"]
        record["micro"] = [len(detail["batch"])]
        books.reweigh(record, detail)


@mutation("V2 admission", "admission-mismatch")
def other_reasons_than_the_rule_gives(books):
    books.admission[books.of_effect("allow")]["reasons"] = ["public_domain"]


@mutation("V2 admission", "admission-mismatch")
def an_entropy_left_out(books):
    books.admission[books.of_effect("allow")]["entropy"] = None


@mutation("V2 admission", "admission-mismatch")
def bands_of_another_base(books):
    books.header["base"]["root"] = digest_bytes(b"another base")


@mutation("V2 admission", "admission-mismatch")
def a_start_moved_to_before_the_expiry(books):
    books.header["time"] = "2026-02-27T06:00:00.000Z"


@mutation("V2 profiles", "profile-mismatch")
def a_route_that_no_profile_gives(books):
    books.documents["routes"]["routes"].insert(0, [0, 0, 0, 0, 1])
    for line in books.admission:
        line["route"] = None if line["route"] is None else line["route"] + 1
    for detail in books.details:
        for entry in detail["batch"]:
            entry["route"] += 1


@mutation("V2 profiles", "profile-mismatch")
def a_restricted_row_routed_past_its_cap(books):
    record, detail, entry = books.step_with(books.of_effect("attenuate"))
    entry["route"] = len(books.documents["routes"]["routes"]) - 1
    books.reweigh(record, detail)


@mutation("V2 expiry", "expired-admission", **LATE)
def an_expired_licence_used_once(books):
    late = [n for n, record in enumerate(books.steps) if record["time"] > "2026-03-02"]
    record, detail = books.steps[late[0]], books.details[late[0]]
    detail["batch"][0].update(row=3, route=books.admission[3]["route"])
    books.reweigh(record, detail)


@mutation("V2 order", "order-mismatch")
def two_rows_of_a_batch_exchanged(books):
    batch = books.details[1]["batch"]
    batch[0], batch[1] = batch[1], batch[0]
    books.reweigh(books.steps[1], books.details[1])


@mutation("V2 order", "order-mismatch")
def the_batches_of_two_steps_exchanged(books):
    one, two = books.details[0], books.details[1]
    one["batch"], two["batch"] = two["batch"], one["batch"]
    books.reweigh(books.steps[0], one)
    books.reweigh(books.steps[1], two)


@mutation("V2 order", "order-mismatch")
def a_row_left_out_of_a_batch(books):
    books.details[1]["batch"].pop()
    books.steps[1].update(micro=[2, 1], dropped=books.steps[1]["dropped"] + 1)
    books.reweigh(books.steps[1], books.details[1])


@mutation("V2 order", "order-mismatch")
def a_row_trained_on_twice(books):
    batch = books.details[1]["batch"]
    batch[1] = {**batch[0], "facts": batch[1]["facts"]}
    books.reweigh(books.steps[1], books.details[1])


@mutation("V2 order", "order-mismatch")
def another_seed_opened(books):
    books.close["sampler_seed"] = "ab" * 32


@mutation("V2 order", "order-mismatch")
def another_seed_committed_to_and_opened(books):
    seed = bytes.fromhex("ab" * 32)
    books.close["sampler_seed"] = seed.hex()
    books.header["sampler"]["seed_commit"] = digest_bytes(b"provenir/sampler/1" + seed)


@mutation("V2 order", "order-mismatch")
def no_seed_opened(books):
    books.close["sampler_seed"] = None


@mutation("V2 order", "order-mismatch")
def a_drop_that_was_not_said(books):
    books.steps[1]["dropped"] += 1


@mutation("V2 order", "order-mismatch")
def another_epoch(books):
    books.steps[1]["epoch"] += 1


@mutation("V2 order", "order-mismatch")
def other_microbatches(books):
    books.steps[1]["micro"] = [4]


@mutation("V2 order", "order-mismatch", **MARKED)
def an_exclusion_that_was_not_said(books):
    books.records = [r for r in books.records if r.get("action") != "exclude"]


@mutation("V2 order", "order-mismatch")
def fewer_epochs_than_steps(books):
    books.header["sampler"]["epochs"] = 1


@mutation("V2 order", "order-mismatch")
def another_batch_size(books):
    books.header["sampler"]["batch"] = 2
