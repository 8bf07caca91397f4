"""Ask the foreign verifiers about good and tampered exports, and print the matrix.

    python scripts/interop/matrix.py [--json]

Exits 1 when a verifier that is there refuses a good export, accepts a tampered one, or fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from registry import VERIFIERS
from samples import Samples, make_samples
from verifiers import HOME, Verifier

LIMIT_S = 240
HEAD = ("tool", "language", "version", "format", "accepts good", "refuses tampered", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one verifier said; `reason` is set when it was not asked."""

    tool: str
    language: str
    form: str
    version: str | None
    structure_only: bool
    accepted: int = 0
    good: int = 0
    refused: int = 0
    tampered: int = 0
    wrong: tuple[str, ...] = ()
    reason: str | None = None

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        note = "structure only" if self.structure_only else "digests or signatures"
        if self.reason is not None:
            return (self.tool, self.language, "–", self.form, "–", "–", f"not run: {self.reason}")
        return (
            *(self.tool, self.language, self.version or "?", self.form),
            *(f"{self.accepted}/{self.good}", f"{self.refused}/{self.tampered}", note),
        )


def ask(verifier: Verifier, samples: Samples) -> Result:
    """Run every case of a verifier that is there."""
    version = verifier.version()
    asked = Result(
        tool=verifier.tool,
        language=verifier.language,
        form=verifier.form,
        version=version,
        structure_only=verifier.structure_only,
    )
    if version is None:
        return replace(asked, reason=verifier.missing)
    good = [verdict(verifier, case, samples) for case in verifier.good]
    bad = [verdict(verifier, case, samples) for case in verifier.tampered]
    wrong = [
        f"{' '.join(case)}: {said}"
        for cases, verdicts, expected in (
            (verifier.good, good, "accepted"),
            (verifier.tampered, bad, "refused"),
        )
        for case, said in zip(cases, verdicts, strict=True)
        if said != expected
    ]
    return replace(
        asked,
        accepted=good.count("accepted"),
        good=len(good),
        refused=bad.count("refused"),
        tampered=len(bad),
        wrong=tuple(wrong),
    )


def verdict(verifier: Verifier, case: tuple[str, ...], samples: Samples) -> str:
    """Call the tool once: `accepted`, `refused`, or what it said instead."""
    arguments = [argument(word, samples) for word in case]
    stdin = Path(arguments.pop()).read_bytes() if verifier.stdin else b""
    given = iter(arguments)
    words = [next(given) if word == "{}" else word for word in verifier.command]
    try:
        done = subprocess.run(
            words,
            input=stdin,
            capture_output=True,
            timeout=LIMIT_S,
            cwd=HOME / "node" if words[0] == "node" else samples.folder,
            env={**os.environ, **verifier.environment},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        return f"fault: {fault}"
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    if done.returncode == 0 and re.search(verifier.accepts, said, re.MULTILINE):
        return "accepted"
    if done.returncode != 0 and re.search(verifier.refuses, said, re.MULTILINE):
        return "refused"
    return f"exit {done.returncode}: {said.strip()[-300:]}"


def argument(word: str, samples: Samples) -> str:
    """A sample's path; `=word` stands for the word, `@name` for what the sample says."""
    if word.startswith("="):
        return word[1:]
    if word.startswith("@"):
        return (samples / word[1:]).read_text("utf-8")
    path = samples / word
    return str(path) if path.exists() else word


def markdown(results: list[Result]) -> str:
    """The table of the guide."""
    lines = [f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD)]
    lines += [f"| {' | '.join(result.cells())} |" for result in results]
    asked = [result for result in results if result.reason is None and not result.wrong]
    languages = sorted({result.language for result in asked})
    lines += ["", f"{len(asked)} rows in {len(languages)} languages: {', '.join(languages)}."]
    return "\n".join(lines)


def main() -> int:
    """Print the matrix and say whether anything was wrong."""
    parser = argparse.ArgumentParser(description="Ask the foreign verifiers.")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="interop-") as folder:
        samples = make_samples(Path(folder))
        results = [ask(verifier, samples) for verifier in VERIFIERS]
    if wanted.json:
        print(json.dumps([asdict(result) for result in results], indent=2))
    else:
        print(markdown(results))
    faults = [f"{result.tool}: {fault}" for result in results for fault in result.wrong]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
