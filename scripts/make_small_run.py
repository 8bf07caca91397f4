"""Write examples/small-run: a small run of the demo, signed, for `provenir demo --lite` to verify.

The private key lives in this process alone and is gone with it, so nobody can sign in its name
again; to change the example, make it anew:

    python scripts/make_small_run.py [--out examples/small-run]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from provenir.flows.demo import run_demo
from provenir.flows.demo_settings import DemoSettings

SMALL = DemoSettings(
    seed=7,
    steps=20,
    prompts_per_step=3,
    group_size=4,
    hidden_size=32,
    layers=1,
    warm_up_until=0.25,
    warm_up_batches=200,
)
LEFT_BEHIND = ("run.lock",)
MAX_BYTES = 300_000


def main() -> int:
    """Make the run somewhere else, then put its folder in place of the old one."""
    parser = argparse.ArgumentParser(description="Write the small run that the demo verifies.")
    parser.add_argument("--out", type=Path, default=Path("examples/small-run"))
    out: Path = parser.parse_args().out
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "artifacts" / "small-run"
        result = run_demo(made, settings=SMALL)
        if result.exit_code:
            print("the run was not accepted; nothing was written", file=sys.stderr)
            return result.exit_code
        size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
        if size > MAX_BYTES:
            print(f"the run has {size:,} bytes, more than {MAX_BYTES:,}", file=sys.stderr)
            return 1
        if out.exists():
            shutil.rmtree(out)
        shutil.copytree(made, out, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    print(f"{out}: {size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
