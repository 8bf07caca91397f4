"""The run manifest: what a run was made of, and the files that it left.

Written when a run starts (status ``running``) and rewritten once when it ends. `content_hash` is
the digest of the canonical bytes of all other fields, so a manifest that was edited contradicts
itself and is refused when it is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from provenir.core.clock import parse_utc
from provenir.core.digest import digest_value
from provenir.core.document import DigestText, Document
from provenir.core.errors import AlteredDocumentError, InputError, ProvenirError, UsageError
from provenir.core.ids import check_file_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["IMPORTED", "RunManifest", "RunManifestStore", "RunStatus"]

RunStatus = Literal["running", "completed", "failed", "interrupted"]

# Where manifests lie relative to a store's folder, in the order of the search (formats: run
# folder): the folder itself, then default and explicit output folders beside it.
_SEARCH = ("../*/manifests", "../runs/*/manifests", "../*/runs/*/manifests")


def _check_run_id(text: str) -> str:
    try:
        return check_file_id(text)
    except InputError as error:
        raise ValueError(error.what) from error


def _check_time(text: str) -> str:
    try:
        parse_utc(text)
    except InputError as error:
        raise ValueError(error.what) from error
    return text


_RunId = Annotated[str, AfterValidator(_check_run_id)]
_Time = Annotated[str, AfterValidator(_check_time)]


IMPORTED: Final = "imported_log"
"""Stands in the fingerprint of a run that was not observed, with the kind of log that it is from.

It is also the kind of the finding that names the files.
"""


class RunManifest(Document):
    """One execution, as it can be compared with a later one.

    Attributes:
        run_id: Id of the run, safe as a file name.
        name: What the user called it; any text.
        config_hash: Digest of the canonical configuration.
        dataset_hash: Merkle root over the training examples as a digest; None where unknown.
        git_sha: Commit of the working tree; None outside git.
        dependencies_lockfile: Digest of the set of installed packages.
        seed: The seed that the run was given; None where it was given none.
        fingerprint: The host: ``{"digest", "compared", "observed"}``.
        status: ``running`` until the run has ended.
        started_at: RFC 3339 UTC.
        ended_at: RFC 3339 UTC; None while running.
        files: Name relative to the run folder -> digest, of every file that the run left.
        content_hash: Digest of all other fields.

    Raises:
        AlteredDocumentError: `content_hash` is not the digest of the other fields.
    """

    schema_version: Literal["run-manifest/1"] = "run-manifest/1"
    run_id: _RunId
    name: str
    config_hash: DigestText
    dataset_hash: DigestText | None = None
    git_sha: str | None = None
    dependencies_lockfile: DigestText
    seed: int | None = None
    fingerprint: dict[str, Any] = Field(default_factory=dict)
    status: RunStatus
    started_at: _Time
    ended_at: _Time | None = None
    files: dict[str, DigestText] = Field(default_factory=dict)
    content_hash: DigestText

    @classmethod
    def create(cls, **fields: Any) -> Self:
        """Return a manifest with its `content_hash` computed.

        Raises:
            pydantic.ValidationError: A field is missing, unknown, or not what it should be.
            CanonicalizationError: The fingerprint holds a value without canonical bytes.
            UsageError: `content_hash` was given; it is computed here.
        """
        if "content_hash" in fields:
            raise UsageError("content_hash is computed", mend="leave it out")
        # The hash is over the validated form: defaults filled in, types as they are stored.
        draft = cls.model_validate(
            {**fields, "content_hash": _UNSEALED}, context={"unsealed": True}
        )
        return draft.model_copy(update={"content_hash": draft._computed_hash()})

    @property
    def imported(self) -> bool:
        """Whether the run was read from a log afterwards, and not observed."""
        return IMPORTED in self.fingerprint

    def with_changes(self, **changes: Any) -> Self:
        """Return a copy with some fields changed and `content_hash` computed anew.

        Raises:
            As `create`.
        """
        fields = self.model_dump(mode="json", exclude={"content_hash"})
        return type(self).create(**{**fields, **changes})

    def _computed_hash(self) -> str:
        return digest_value(self.model_dump(mode="json", exclude={"content_hash"}))

    @model_validator(mode="after")
    def _check_content_hash(self, info: Any) -> Self:
        if info.context and info.context.get("unsealed"):
            return self
        if self.content_hash != self._computed_hash():
            raise AlteredDocumentError(
                "the manifest's content does not have the digest that it states",
                mend="it was changed after it was written; restore it from a copy",
            )
        return self


_UNSEALED = "sha256:" + "0" * 64


class RunManifestStore:
    """The manifests under a folder, and those of the runs around it.

    Manifests are saved to ``<root>/<run_id>.json``. They are looked for there and in
    ``root/../*/manifests``, ``root/../runs/*/manifests`` and ``root/../*/runs/*/manifests``, so
    that a store on ``artifacts/manifests`` finds the runs in ``artifacts/runs`` and in folders
    such as ``artifacts/my-run``.

    Args:
        root: The folder; created by the first `save`.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def path(self, run_id: str) -> Path:
        """Return where `save` puts the manifest of a run.

        Raises:
            InputError: The id could name a file elsewhere.
        """
        return self.root / f"{check_file_id(run_id)}.json"

    def save(self, manifest: RunManifest) -> Path:
        """Write a manifest, atomically, and return its path.

        Raises:
            OSError: It cannot be written.
        """
        path = self.path(manifest.run_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        manifest.write(path)
        return path

    def find(self, run_id: str) -> Path:
        """Return the path of a run's manifest: the first in the order of the search.

        Raises:
            InputError: There is none, or the id could name a file elsewhere.
        """
        name = self.path(run_id).name
        for folder in self._folders():
            if (folder / name).is_file():
                return folder / name
        raise InputError(
            f"no manifest of the run {run_id}",
            where=str(self.root),
            mend="pass the folder 'manifests' of the run",
        )

    def load(self, run_id: str) -> RunManifest:
        """Return a run's manifest.

        Raises:
            InputError: There is none, or the id could name a file elsewhere.
            DocumentError: It cannot be read; `AlteredDocumentError` where it contradicts itself.
        """
        path = self.find(run_id)
        manifest = RunManifest.read(path)
        if manifest.run_id != run_id:
            raise AlteredDocumentError(
                f"the manifest is of another run, {manifest.run_id}", where=str(path)
            )
        return manifest

    def list(
        self, *, on_error: Callable[[Path, ProvenirError], None] | None = None
    ) -> list[RunManifest]:
        """Return every manifest in reach, once for each run, the oldest first.

        Args:
            on_error: Called for a manifest that cannot be read, which is then left out; without
                it the first such error is raised.

        Raises:
            DocumentError: A manifest cannot be read and there is no `on_error`.
        """
        found: dict[str, RunManifest] = {}
        for folder in self._folders():
            for path in sorted(folder.glob("*.json")):
                try:
                    manifest = RunManifest.read(path)
                except ProvenirError as error:
                    if on_error is None:
                        raise
                    on_error(path, error)
                else:
                    found.setdefault(manifest.run_id, manifest)
        return sorted(found.values(), key=lambda item: (item.started_at, item.run_id))

    def _folders(self) -> Iterator[Path]:
        """Yield the folders of the search in order, each once."""
        seen = {self.root.resolve()}
        yield self.root
        around = self.root.resolve().parent
        for pattern in _SEARCH:
            for folder in sorted(around.glob(pattern.removeprefix("../"))):
                resolved = folder.resolve()
                if folder.is_dir() and resolved not in seen:
                    seen.add(resolved)
                    yield folder
