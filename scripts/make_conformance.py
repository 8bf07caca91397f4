"""Write tests/conformance/: one folder for each attack, and for each honest case beside it.

    python scripts/make_conformance.py            # make the cases that are not there yet
    python scripts/make_conformance.py --again NAME ...

A folder holds the files, `case.json` with the arguments and what must come of them, and a README.
What is there is not written again unless asked: another implementation may rely on it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance_cases import CASES
from conformance_desk import Desk
from conformance_ledger_cases import LEDGER_CASES
from conformance_log_cases import LOG_CASES

if TYPE_CHECKING:
    from conformance_cases import Asked

FOLDER: Final = Path(__file__).resolve().parents[1] / "tests" / "conformance"
OUTCOMES: Final = {
    0: "good: every check that was asked for holds",
    1: "refused",
    2: "unreadable, or misuse: one line that says what is wrong",
    3: "undecided: something that was asked cannot be told",
}


def readme(name: str, asked: Asked) -> str:
    """The page of one case."""
    reasons = ", ".join(f"`{reason}`" for reason in asked.reasons)
    outcome = OUTCOMES[asked.exit_code] + (f" ({reasons})" if reasons else "")
    shown = " ".join(word if "\n" not in word else "'<the public key>'" for word in asked.arguments)
    return (
        f"# {name}\n\n{asked.says}\n\n"
        f"Expected: exit code {asked.exit_code}, {outcome}.\n\n"
        f"    provenir verify {shown}\n"
        f"    python auditor/provenir_audit.py {shown}\n"
    )


def main() -> int:
    """Make what is missing, or what is named."""
    parser = argparse.ArgumentParser(description="conformance cases")
    parser.add_argument("--again", nargs="*", default=[], metavar="NAME")
    again = set(parser.parse_args().again)
    cases = {made.__name__: made for made in (*CASES, *LOG_CASES, *LEDGER_CASES)}
    unknown = again - cases.keys()
    if unknown:
        print(f"no such case: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    for name, made in cases.items():
        folder = FOLDER / name
        if folder.exists() and name not in again:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        asked = made(Desk(folder))
        case = {
            "arguments": asked.arguments,
            "exit_code": asked.exit_code,
            "reasons": asked.reasons,
        }
        (folder / "case.json").write_text(json.dumps(case, indent=2) + "\n")
        (folder / "README.md").write_text(readme(name, asked))
        print(folder.relative_to(FOLDER.parents[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
