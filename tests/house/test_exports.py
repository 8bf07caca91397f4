"""Every room's `__init__` holds one docstring and a sorted `__all__` whose names exist."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "provenir"
INITS = sorted(PACKAGE.rglob("__init__.py"))
MAX_ROOT_EXPORTS = 6


def sort_key(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, each in order: the sorting that ruff keeps."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def dotted(path: Path) -> str:
    return ".".join(("provenir", *path.parent.relative_to(PACKAGE).parts))


@pytest.mark.parametrize("path", INITS, ids=dotted)
def test_init_has_one_paragraph_and_a_sorted_all(path):
    tree = ast.parse(path.read_text())
    docstring = ast.get_docstring(tree)
    assert docstring
    names = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and getattr(getattr(node, "target", None) or node.targets[0], "id", "") == "__all__"
    ]
    assert len(names) == 1
    assert list(names[0]) == sorted(names[0], key=sort_key)


@pytest.mark.parametrize("path", INITS, ids=dotted)
def test_every_exported_name_exists(path):
    module = importlib.import_module(dotted(path))
    missing = []
    for name in module.__all__:
        try:
            getattr(module, name)
        except ImportError as fault:
            # An export that needs an extra says which one; anything else is a defect.
            if "pip install -e" not in str(fault):
                missing.append(name)
        except AttributeError:
            missing.append(name)
    assert missing == []


def test_the_root_exports_at_most_six_names():
    import provenir

    assert len(provenir.__all__) <= MAX_ROOT_EXPORTS


@pytest.mark.parametrize("path", INITS, ids=dotted)
def test_no_module_hides_a_name_that_its_room_exports(path):
    module = importlib.import_module(dotted(path))
    inside = {
        entry.stem if entry.suffix == ".py" else entry.name for entry in path.parent.iterdir()
    }
    assert inside & set(module.__all__) == set()
