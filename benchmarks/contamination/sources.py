"""Two sources of text that any machine with Python has, TUNE and REPORT, that share no text.

TUNE is what Python brings along: the language reference in `pydoc_data` and the docstrings of the
standard library and of installed packages. REPORT is the machine's manual: man pages and
`/usr/share/doc` (licences, guides, change logs). A paragraph of REPORT that has eight words in a
row in common with TUNE is dropped. Part of each source is *held out* for eval items, and
no eight words in a row of it stand in the rest, which the training rows are made of.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
import sysconfig
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HALVES = ("tune", "report")
SPAN = 8
"""Words in a row that two texts may not share when they are said to share no text."""
LIMIT = 2_000_000
"""Words taken of a source."""
HELD = 20
"""Percent of the paragraphs that are held out for eval items."""
WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
DOCSTRING = re.compile(r'"""(.*?)"""', re.DOTALL)
BLANK = re.compile(r"\n\s*\n")
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(])")
TAG = re.compile(r"<[^>]*>")
ROFF_TEXT = re.compile(r"^\.(?:B|I|BR|IR|RB|RI|BI|IB|SM)\s+")
ROFF_FONT = re.compile(r"\\f(?:\[\w*\]|\(\w\w|.)|\\s[-+]?\d|\\[&|^/,:%]")
ROFF_NAMES = {
    "aq": "'",
    "lq": "“",
    "rq": "”",
    "oq": "‘",
    "cq": "’",
    "em": "—",
    "en": "–",
    "bu": "•",
}
ROFF_NAME = re.compile(r"\\\((\w\w)|\\\[(\w+)\]")


@dataclass(frozen=True, slots=True)
class Source:
    """The paragraphs of a source: those for training rows, and those held out for eval items."""

    half: str
    training: tuple[str, ...]
    held: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The first 12 digits of the SHA-256 of all paragraphs: texts differ between machines."""
        text = "\n".join((*self.training, *self.held))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def words(text: str) -> list[str]:
    """Return the words of a text as the generator counts them: case-folded letters and digits."""
    return WORD.findall(text.casefold())


def sentences(paragraph: str) -> list[str]:
    return SENTENCE_END.split(paragraph)


def load(half: str, folder: Path) -> Source:
    """Return a source, from the folder's cache where an earlier run left it there."""
    if half not in HALVES:
        raise ValueError(f"{half!r} is no half: give one of {', '.join(HALVES)}")
    kept = folder / f"source-{half}.json"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        foreign = _spans(_paragraphs("tune")) if half == "report" else set()
        training, held = _split(_paragraphs(half), foreign)
        kept.write_text(json.dumps([training, held], ensure_ascii=False))
    training, held = json.loads(kept.read_text())
    return Source(half, tuple(training), tuple(held))


def _split(paragraphs: list[str], foreign: set[int]) -> tuple[list[str], list[str]]:
    """Divide the paragraphs; what is held out shares no eight words with anything else."""
    training: list[str] = []
    chosen: list[str] = []
    for paragraph in paragraphs:
        if foreign and not foreign.isdisjoint(_spans([paragraph])):
            continue
        lot = zlib.crc32(paragraph.encode()) % 100
        (chosen if lot < HELD else training).append(paragraph)
    taken = _spans(training)
    held = []
    for paragraph in chosen:
        spans = _spans([paragraph])
        if taken.isdisjoint(spans):
            held.append(paragraph)
            taken |= spans
    return training, held


def _spans(paragraphs: Iterable[str]) -> set[int]:
    found: set[int] = set()
    for paragraph in paragraphs:
        row = words(paragraph)
        found.update(hash(tuple(row[i : i + SPAN])) for i in range(len(row) - SPAN + 1))
    return found


def _paragraphs(half: str) -> list[str]:
    """Return the distinct paragraphs of prose, in the order of a fixed shuffle of the files."""
    texts = _python_texts() if half == "tune" else _manual_texts()
    found: dict[str, None] = {}
    count = 0
    for text in texts:
        for part in BLANK.split(text):
            row = part.split()
            if 8 <= len(row) <= 400 and sum(word.isalpha() for word in row) >= 0.6 * len(row):
                paragraph = " ".join(row)
                if paragraph not in found:
                    found[paragraph] = None
                    count += len(row)
        if count >= LIMIT:
            break
    if count < LIMIT // 20:
        raise SystemExit(f"error: this machine holds only {count:,} words for the source {half}")
    return list(found)


def _shuffled(paths: Iterable[Path]) -> list[Path]:
    ordered = sorted(paths)
    random.Random(5).shuffle(ordered)
    return ordered


def _python_texts() -> Iterator[str]:
    from pydoc_data.topics import topics

    yield from topics.values()
    library = Path(sysconfig.get_paths()["stdlib"])
    packages = Path(sysconfig.get_paths()["purelib"])
    for root in (library, packages):
        for path in _shuffled(root.rglob("*.py")):
            inner = path.relative_to(root).parts
            if "test" in inner or "tests" in inner or "site-packages" in inner:
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
            for found in DOCSTRING.finditer(text):
                yield found.group(1)


def _manual_texts() -> Iterator[str]:
    manual = Path("/usr/share/man")
    pages = (path for n in range(1, 9) for path in (manual / f"man{n}").glob("*.gz"))
    guides = Path("/usr/share/doc").rglob("*")
    kinds = {".txt", ".md", ".html", ".gz", ""}
    files = [p for p in guides if p.suffix in kinds and p.is_file() and not p.is_symlink()]
    for path in _shuffled([*(p for p in pages if not p.is_symlink()), *files]):
        text = _read(path)
        if manual in path.parents:
            yield _unroff(text)
        else:
            yield TAG.sub("", text) if path.suffix == ".html" else text


def _read(path: Path, most: int = 400_000) -> str:
    """Return the head of a file; several big documents would crowd out the rest."""
    if path.suffix != ".gz":
        with path.open("rb") as file:
            return file.read(most).decode("utf-8", "replace")
    try:
        with gzip.open(path, "rb") as file:
            return file.read(most).decode("utf-8", "replace")
    except (OSError, EOFError):
        return ""


def _unroff(page: str) -> str:
    """Return the running text of a man page: enough for sentences, no formatter."""
    lines = []
    for line in page.splitlines():
        text = ROFF_TEXT.sub("", line)
        if text.startswith((".", "'")):
            text = ""
        text = ROFF_NAME.sub(lambda m: ROFF_NAMES.get(m[1] or m[2], ""), ROFF_FONT.sub("", text))
        lines.append(text.replace("\\-", "-").replace("\\e", "\\").replace("\\ ", " "))
    return "\n".join(lines)
