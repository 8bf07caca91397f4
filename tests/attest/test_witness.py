"""The file witness: never two roots for one size, whoever asks and whenever it dies."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provenir.attest.checkpoint import Checkpoint, cosignatures_by
from provenir.attest.keys import Ed25519Signer
from provenir.attest.log_proofs import consistency_document
from provenir.attest.note import SignedNote
from provenir.attest.witness import FileWitness, WitnessState
from provenir.core.clock import FixedClock
from provenir.core.errors import BoundsError, DocumentError, EvidenceError, InputError
from provenir.core.merkle import consistency_proof, leaf_hash, merkle_root

NAME = "example.org/w"
LEAVES = [b"%d" % number for number in range(40)]
FORK = [b"%d" % number for number in range(10)] + [b"x%d" % number for number in range(30)]


def _note(size: int, leaves: list[bytes] = LEAVES, origin: str = "log") -> SignedNote:
    return SignedNote(Checkpoint(origin, size, merkle_root(leaves[:size])).text)


def _proof(old: int, new: int, leaves: list[bytes] = LEAVES) -> dict[str, object]:
    hashes = [leaf_hash(leaf) for leaf in leaves[:new]]
    roots = (merkle_root(leaves[:old]), merkle_root(leaves[:new]))
    return consistency_document((old, new), roots, consistency_proof(hashes, old))


@pytest.fixture
def witness(tmp_path: Path, signer: Ed25519Signer) -> FileWitness:
    return FileWitness(tmp_path / "state.json", signer, NAME)


def _is_refused(witness: FileWitness, note: SignedNote, proof: object) -> bool:
    before = witness.path.read_bytes()
    with pytest.raises(EvidenceError) as refused:
        witness.cosign(note, proof)  # type: ignore[arg-type]
    assert refused.value.reason == "log-inconsistent"
    return witness.path.read_bytes() == before


def test_it_cosigns_a_log_that_grows(witness: FileWitness, signer: Ed25519Signer) -> None:
    assert witness.known_size("log") == 0
    assert not witness.path.exists()
    old = 0
    for size in (3, 8, 8, 40):
        seen = witness.cosign(_note(size), _proof(old, size))
        assert cosignatures_by(seen, NAME, signer.verification_key) is not None
        assert witness.known_size("log") == size
        old = size


def test_it_refuses_what_does_not_extend_what_it_saw(witness: FileWitness) -> None:
    witness.cosign(_note(20))
    assert _is_refused(witness, _note(19), _proof(19, 20))
    assert _is_refused(witness, _note(0), None)
    assert _is_refused(witness, _note(20, FORK), _proof(20, 20, FORK))
    assert _is_refused(witness, _note(30), None)
    assert _is_refused(witness, _note(30), {})
    assert _is_refused(witness, _note(30), _proof(19, 30))
    assert _is_refused(witness, _note(30, FORK), _proof(20, 30, FORK))
    assert _is_refused(witness, _note(30, FORK), _proof(20, 30))
    assert _is_refused(witness, _note(31), _proof(20, 30))
    witness.cosign(_note(30), _proof(20, 30))


def test_logs_are_told_apart_by_their_origin(witness: FileWitness) -> None:
    witness.cosign(_note(20))
    witness.cosign(_note(5, FORK, origin="other"))
    assert (witness.known_size("log"), witness.known_size("other")) == (20, 5)


def test_the_time_is_the_clocks(tmp_path: Path, signer: Ed25519Signer) -> None:
    clock = FixedClock("2026-01-02T03:04:05.000Z")
    witness = FileWitness(tmp_path / "state.json", signer, NAME, clock=clock)
    seen = cosignatures_by(witness.cosign(_note(3)), NAME, signer.verification_key)
    assert seen == 1_767_323_045


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"logs":{},"schema_version":"x/1"}'])
def test_a_state_that_cannot_be_read_is_no_empty_memory(
    witness: FileWitness, content: bytes
) -> None:
    witness.path.write_bytes(content)
    for use in (lambda: witness.cosign(_note(3)), lambda: witness.known_size("log")):
        with pytest.raises(DocumentError):
            use()
    assert witness.path.read_bytes() == content


def test_what_it_remembers_is_a_document(witness: FileWitness) -> None:
    witness.cosign(_note(3))
    state = WitnessState.read(witness.path)
    assert WitnessState.from_bytes(state.to_bytes(), where="x") == state


def test_what_it_cannot_remember_it_does_not_cosign(witness: FileWitness) -> None:
    with pytest.raises(BoundsError, match="no log has as many"):
        witness.cosign(SignedNote(Checkpoint("log", 2**60, bytes(32)).text))
    seen = WitnessState.model_fields["logs"]
    (most,) = (each.max_length for each in seen.metadata if hasattr(each, "max_length"))
    witness.cosign(_note(3, origin="o0"))
    one = WitnessState.read(witness.path).logs["o0"]
    WitnessState(logs={f"o{number}": one for number in range(most)}).write(witness.path)
    with pytest.raises(BoundsError, match="at most"):
        witness.cosign(_note(3, origin="new"))
    witness.cosign(_note(8, origin="o0"), _proof(3, 8))


def test_only_a_checkpoint_is_cosigned(witness: FileWitness, signer: Ed25519Signer) -> None:
    with pytest.raises(InputError):
        witness.cosign(SignedNote("hello\n"))
    with pytest.raises(InputError):
        FileWitness(witness.path, signer, "two words")


def test_of_two_forks_asked_for_at_once_one_is_cosigned(
    tmp_path: Path, signer: Ed25519Signer
) -> None:
    def ask(leaves: list[bytes]) -> bool:
        try:
            FileWitness(tmp_path / "state.json", signer, NAME).cosign(
                _note(20, leaves), _proof(10, 20, leaves)
            )
        except EvidenceError:
            return False
        return True

    FileWitness(tmp_path / "state.json", signer, NAME).cosign(_note(10))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, [LEAVES, FORK] * 8))
    assert answers in ([True, False] * 8, [False, True] * 8)


_ASK = """
import sys
from provenir.attest.keys import Ed25519Signer
from provenir.attest.note import SignedNote
from provenir.attest.witness import FileWitness
sys.path.insert(0, sys.argv[3])
from test_witness import NAME, FORK, LEAVES, _note, _proof
witness = FileWitness(sys.argv[1], Ed25519Signer.from_pem(sys.argv[2]), NAME)
leaves = FORK if sys.argv[4] == "fork" else LEAVES
for size in range(1, 41):
    try:
        old = witness.known_size("log")
        note = witness.cosign(_note(size, leaves), _proof(old, size, leaves) if old <= size else {})
        print(size, note.text.split("\\n")[2], flush=True)
    except Exception:
        pass
"""


def test_it_never_signs_two_roots_for_one_size_however_it_dies(
    tmp_path: Path, signer: Ed25519Signer
) -> None:
    signer.write(tmp_path / "w")
    rng = random.Random(5)
    signed: dict[str, set[str]] = {}
    for _ in range(3):
        asking = [
            subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    _ASK,
                    str(tmp_path / "state.json"),
                    str(tmp_path / "w.pem"),
                    str(Path(__file__).parent),
                    which,
                ],
                stdout=subprocess.PIPE,
                text=True,
            )
            for which in ("log", "fork")
        ]
        assert asking[0].stdout is not None
        asking[0].stdout.readline()
        time.sleep(rng.random() / 100)
        for process in asking:
            process.kill()
            for line in process.communicate()[0].splitlines():
                if len(words := line.split()) == 2 and len(words[1]) == 44:
                    signed.setdefault(words[0], set()).add(words[1])
    assert all(len(roots) == 1 for roots in signed.values())
    FileWitness(tmp_path / "state.json", signer, NAME).known_size("log")
