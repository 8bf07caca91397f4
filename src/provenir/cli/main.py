"""The command `provenir`: its nouns, its exit codes, its errors.

Exit codes: 0 good · 1 checked and failed · 2 misuse or unreadable input · 3 something that was
asked could not be decided because a key, a file of evidence or a root of trust is missing.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import Annotated, Any, Final

import typer

from provenir._version import __version__
from provenir.cli import (
    canary,
    contamination,
    dataset,
    demo,
    doctor,
    key,
    ledger,
    lineage,
    log,
    passport,
    policy,
    report,
    verify,
)
from provenir.cli import run as run_noun
from provenir.cli.offline import go_offline
from provenir.cli.output import note, warn
from provenir.cli.settings import Settings, load_settings
from provenir.cli.streams import patient_streams
from provenir.core.errors import ProvenirError, UsageError

MISUSE: Final = 2
INTERRUPTED: Final = 130
HELP_WORDS: Final = frozenset(("-h", "--help", "--version"))
OS_MENDS: Final = {
    errno.ENOENT: "check the path, and make its folder first",
    errno.EISDIR: "give a file's name, not a folder's",
    errno.ENOTDIR: "a file lies where a folder is meant; choose another path",
    errno.ENOSPC: "make room on the disk",
}
EPILOG: Final = (
    "Exit codes: 0 good, 1 checked and failed, 2 misuse or unreadable input, 3 could not decide."
)

app = typer.Typer(
    name="provenir",
    help="The trust layer for LLM post-training: record runs, sign passports, verify them.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "PROVENIR"},
)
app.add_typer(run_noun.app, name="run")
app.add_typer(passport.app, name="passport")
app.add_typer(policy.app, name="policy")
app.add_typer(dataset.app, name="dataset")
app.add_typer(key.app, name="key")
app.add_typer(lineage.app, name="lineage")
app.add_typer(log.app, name="log")
app.add_typer(ledger.app, name="ledger")
app.add_typer(canary.app, name="canary")
app.add_typer(contamination.app, name="contamination")
app.command(name="verify")(verify.verify)
app.command(name="report")(report.report)
app.command(name="demo")(demo.demo)
app.command(name="doctor")(doctor.doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"provenir {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            show_envvar=False,
            help="Print the version.",
        ),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Refuse the network.")] = False,
) -> None:
    """Options of every command; `_run` reads the last two itself, wherever they stand."""


def run(arguments: list[str] | None = None) -> None:
    """Run one command line and leave the process with its exit code."""
    with patient_streams():
        code = _run(sys.argv[1:] if arguments is None else arguments)
    sys.exit(code)


def _run(words: list[str]) -> int:
    debug = _is_asked("debug", words)
    offline = _is_asked("offline", words)
    words = [word for word in words if word not in ("--debug", "--offline")]
    try:
        if offline:
            go_offline()
        code = _invoke(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as fault:  # noqa: BLE001 - every fault becomes one line
        if debug:
            traceback.print_exc()
        return _explain(fault, debug=debug)
    if code == INTERRUPTED:  # typer makes this code of Ctrl-C, and says nothing
        note("interrupted")
    return code


def _is_asked(name: str, words: list[str]) -> bool:
    told = os.environ.get(f"PROVENIR_{name.upper()}", "")
    return f"--{name}" in words or told.lower() not in ("", "0", "false", "no", "off")


def _invoke(words: list[str]) -> int:
    for word in words:
        if not word or (word.startswith("--") and word.endswith("=")):
            raise UsageError(
                f"an empty argument ({word!r})", mend="leave it out, or look for an unset variable"
            )
    words = contamination.spelled_out(words)
    command = typer.main.get_command(app)
    settings = Settings() if HELP_WORDS & set(words) else load_settings(command)
    for place, said in settings.ignored:
        if tuple(words[: len(place)]) == place:
            warn(said)
    result: Any = command.main(
        args=words,
        prog_name="provenir",
        standalone_mode=False,
        default_map=settings.defaults,
        obj=settings,
    )
    return result if isinstance(result, int) else 0


def _explain(fault: Exception, *, debug: bool) -> int:
    """Print the fault as one line and return the exit code it stands for."""
    if type(fault).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(f"{fault.format_message()}\n")  # type: ignore[attr-defined]
        return MISUSE
    if isinstance(fault, typer.Abort):
        note(str(fault) or "stopped")
        return INTERRUPTED
    if isinstance(fault, ProvenirError):
        line, code = str(fault), fault.exit_code
    elif callable(getattr(fault, "format_message", None)):
        context = getattr(fault, "ctx", None)
        path = getattr(context, "command_path", "provenir")
        line, code = f"{fault.format_message().rstrip('.')}; see: {path} --help", MISUSE  # type: ignore[attr-defined]
    elif isinstance(fault, OSError):
        where = f", {fault.filename}" if fault.filename else ""
        mend = OS_MENDS.get(fault.errno or 0, "check the path, its rights and the disk")
        line, code = f"{fault.strerror or fault}{where}: {mend}", MISUSE
    else:
        hint = "" if debug else "; run it again with --debug to see where"
        line, code = f"a defect in provenir: {type(fault).__name__}: {fault}{hint}", MISUSE
    note(f"error: {line}")
    return code
