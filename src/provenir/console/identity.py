"""What went in: data sets, code, configuration and the host, each by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from provenir.console.said import as_text
from provenir.console.shapes import mapping, mappings, number, sequence, text, whole
from provenir.console.view import Cell, Column, Pair, Table, table
from provenir.console.wording import count, figure, shorten
from provenir.core.digest import is_digest

_LIMIT: Final = 60
_SETTINGS: Final = 200
_VALUE_CHARS: Final = 300
_DATA_COLUMNS: Final = (
    Column("Data set"),
    Column("Use"),
    Column("Records", numeric=True),
    Column("Licence"),
    Column("Personal data"),
    Column("Contamination"),
    Column("Content digest", digest=True),
)
_ARTIFACT_COLUMNS: Final = (
    Column("Artifact"),
    Column("Kind"),
    Column("Files", numeric=True),
    Column("Tensors", numeric=True),
    Column("Tensor root, folder hash", digest=True),
)
_EVAL_COLUMNS: Final = (
    Column("Benchmark"),
    Column("Score", numeric=True),
    Column("Items", numeric=True),
    Column("Contamination"),
    Column("Judge"),
    Column("Recorded with it", wide=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The view of this section."""

    data: Table
    artifacts: Table
    code: tuple[Pair, ...]
    host: tuple[Pair, ...]
    host_details: tuple[Pair, ...]
    settings: tuple[Pair, ...]
    settings_title: str


def read_identity(bom: Mapping[str, Any], manifest: Mapping[str, Any]) -> Identity:
    """Build the section from the bill of materials and the run manifest."""
    settings = mapping(bom.get("hyperparameters"))
    rows = [Pair(str(k), _value(v)) for k, v in list(settings.items())[:_SETTINGS]]
    title = count(len(settings), "hyperparameter")
    return Identity(
        data=_data(bom, manifest),
        artifacts=_artifacts(bom),
        code=_code(bom, manifest),
        host=_host(mapping(manifest.get("fingerprint"))),
        host_details=_host_details(mapping(manifest.get("fingerprint"))),
        settings=tuple(rows),
        settings_title=title if len(settings) <= _SETTINGS else f"First {_SETTINGS} of {title}",
    )


def read_evals(bom: Mapping[str, Any]) -> Table:
    """Return one row per eval of the bill of materials."""
    rows = [
        (
            Cell(str(e.get("benchmark", "unnamed"))),
            Cell(figure(number(e.get("score")), missing="not a number")),
            Cell(figure(whole(e.get("n")), missing="–")),
            _contamination(e),
            Cell(_judge(e)),
            Cell(_value(_rounded(e["meta"])) if mapping(e.get("meta")) else "–"),
        )
        for e in mappings(bom.get("evals"))
    ]
    return table(_EVAL_COLUMNS, rows, limit=_LIMIT, noun="evals")


def _judge(raw: Mapping[str, Any]) -> str:
    judge = text(raw.get("judge"))
    if judge is None:
        return "–"
    return judge if raw.get("judge_calibrated") is True else f"{judge}, bias not measured"


def _contamination(part: Mapping[str, Any]) -> Cell:
    found = part.get("contaminated")
    if found is None:
        return Cell("not checked", tone="plain")
    if found:
        return Cell("found", tone="critical")
    return (
        Cell("none found", tone="good")
        if text(part.get("report"))
        else Cell("declared none", tone="info")
    )


def _data(bom: Mapping[str, Any], manifest: Mapping[str, Any]) -> Table:
    rows = [_component(part) for part in mappings(bom.get("data"))]
    digest = text(manifest.get("dataset_hash"))
    if not rows and digest is not None:
        blank = Cell("–")
        unknown = Cell("not checked", tone="plain")
        row = (Cell("train"), Cell("train"), blank, Cell("unknown"), unknown, unknown)
        rows = [(*row, Cell(digest, code=True))]
    return table(_DATA_COLUMNS, rows, limit=_LIMIT, noun="data sets")


def _component(part: Mapping[str, Any]) -> tuple[Cell, ...]:
    digest = text(part.get("content_hash"))
    note = text(part.get("identity_note"))
    unknown = "unknown" if note is None else f"unknown: {note}"
    return (
        Cell(str(part.get("name", "unnamed"))),
        Cell(str(part.get("role", "train"))),
        Cell(figure(whole(part.get("num_records")), missing="unknown")),
        Cell(text(part.get("license")) or "unknown"),
        _declared(part.get("pii_scanned"), part.get("pii_report")),
        _declared(part.get("contamination_checked"), part.get("contamination_report")),
        Cell(digest or unknown, code=digest is not None),
    )


def _artifacts(bom: Mapping[str, Any]) -> Table:
    rows = []
    for part in mappings(bom.get("artifacts")):
        root, folder = text(part.get("tensor_root")), text(part.get("dir_hash"))
        digests = [root or "no tensors", f"dirHash1:{folder}" if folder else "no folder hash"]
        row = (
            Cell(str(part.get("name", "unnamed"))),
            Cell(str(part.get("kind", "unknown"))),
            Cell(figure(float(len(sequence(part.get("files")))))),
            Cell(figure(whole(part.get("n_tensors")), missing="unknown")),
            Cell("\n".join(digests), code=True),
        )
        rows.append(row)
    return table(_ARTIFACT_COLUMNS, rows, limit=_LIMIT, noun="artifacts")


def _declared(said: object, report: object) -> Cell:
    if said is not True:
        return Cell("not checked", tone="plain")
    return Cell("report attached", tone="good") if text(report) else Cell("declared", tone="info")


def _code(bom: Mapping[str, Any], manifest: Mapping[str, Any]) -> tuple[Pair, ...]:
    code = mapping(bom.get("code"))
    commit = text(manifest.get("git_sha")) or text(code.get("git_sha"))
    dirty = code.get("dirty")
    tree = "unknown" if dirty is None else "differ from the commit" if dirty else "as committed"
    packages = text(manifest.get("dependencies_lockfile")) or text(code.get("dependencies_hash"))
    seed = manifest.get("seed")
    return (
        Pair("Base model", text(bom.get("base_model")) or "unknown"),
        Pair("Trainer", text(code.get("framework")) or "unknown"),
        Pair("Commit", commit or "unknown: not inside a git repository", code=commit is not None),
        Pair("Tracked files", tree),
        Pair("Packages", packages or "unknown", code=packages is not None),
        _digest_pair("Configuration", manifest.get("config_hash")),
        Pair("Seed", "not given" if seed is None else str(seed)),
    )


def _digest_pair(label: str, value: object) -> Pair:
    digest = text(value)
    return Pair(label, digest or "unknown", code=digest is not None)


def _host(fingerprint: Mapping[str, Any]) -> tuple[Pair, ...]:
    """Return the digest and the few facts that a person asks for first."""
    compared = mapping(fingerprint.get("compared"))
    python, system, cpu = (mapping(compared.get(part)) for part in ("python", "os", "cpu"))
    named = (
        ("Python", python.get("version")),
        ("System", system.get("distribution") or system.get("system")),
        ("Processor", cpu.get("model")),
        ("Accelerators", compared.get("accelerators")),
    )
    digest = _digest_pair("Fingerprint", fingerprint.get("digest"))
    return (digest, *(Pair(label, _value(value)) for label, value in named))


def _host_details(fingerprint: Mapping[str, Any]) -> tuple[Pair, ...]:
    rows: list[Pair] = []
    for part in ("compared", "observed"):
        for key, value in list(mapping(fingerprint.get(part)).items())[:40]:
            rows += _facts(str(key).replace("_", " "), value)
    return tuple(rows)


def _facts(label: str, value: object) -> list[Pair]:
    """Return one pair for a plain value, one for each part of a mapping."""
    if not isinstance(value, Mapping) or not value:
        return [Pair(label, _value(value))]
    return [
        Pair(f"{label} {str(key).replace('_', ' ')}", _value(part), code=_is_digest(part))
        for key, part in list(value.items())[:20]
    ]


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and is_digest(value)


def _rounded(value: object) -> object:
    """Write the measured numbers of an eval as its score is written."""
    if isinstance(value, float):
        return figure(number(value), missing="not a number")
    if isinstance(value, Mapping):
        return {k: _rounded(v) for k, v in value.items()}
    return value


def _value(value: object, depth: int = 3) -> str:
    """Write any JSON value in one line; deeper nesting is written as JSON."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping) and depth:
        value = ", ".join(f"{k}: {_value(v, depth - 1)}" for k, v in list(value.items())[:40])
    elif isinstance(value, list) and depth:
        value = ", ".join(_value(v, depth - 1) for v in value[:40]) or "none"
    return shorten(as_text(value), _VALUE_CHARS)
