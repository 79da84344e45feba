"""Rooms import downwards only, and importing relintel costs next to nothing."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "relintel"
FACE = "the package itself"
ROWS = (
    {"errors", "records", "taxonomy"},
    {"config", "text", "artifacts", "http", "metrics", "times"},
    {"collectors", "sinks", "customers", "nlp", "profiles", "store"},
    {"batch", "training", "evaluation", "service", "knowledge"},
    {"engine", FACE},
    {"cli", "serve", "client"},
    {"__main__"},
)
ROW = {room: number for number, rooms in enumerate(ROWS) for room in rooms}
HEAVY = (
    "spacy torch faiss sqlalchemy pandas pyarrow onnxruntime transformers pydantic bs4 feedparser"
).split()


def imported(tree: ast.Module, module: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of whatever of relintel a module imports, wherever it stands.

    `module` holds the parts of the importing file's package, for relative imports.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module[: len(module) - node.level + 1] if node.level else ()
            origin = ".".join((*base, *([node.module] if node.module else [])))
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _is_import_call(node.func):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield node.lineno, argument.value


def _is_import_call(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in {"import_module", "__import__"}


def room_of(name: str, rooms: set[str]) -> str | None:
    """Name the room a dotted name leads to, or None when it is not relintel's."""
    first, *rest = name.split(".")
    if first != "relintel" or rest[:1] == ["__version__"]:
        return None
    return rest[0] if rest and (rest[0] in rooms or rest[0] in ROW) else FACE


def violations(package: Path) -> list[str]:
    """List every import under `package` that does not lead downwards, and every unknown room."""
    found = []
    files = [p for p in sorted(package.rglob("*.py")) if p != package / "__init__.py"]
    rooms = {p.relative_to(package).parts[0].removesuffix(".py") for p in files}
    found += [f"{room}: is in no row of the design" for room in sorted(rooms - ROW.keys())]
    for path in files:
        parts = path.relative_to(package).parts
        room = parts[0].removesuffix(".py")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for line, name in imported(tree, (package.name, *parts[:-1])):
            target = room_of(name, rooms)
            if target is None or target == room or room not in ROW or target not in ROW:
                continue
            if ROW[target] >= ROW[room]:
                found.append(f"{'/'.join(parts)}:{line} {room} imports {target}")
    return list(dict.fromkeys(found))


def test_rooms_import_downwards_only() -> None:
    assert violations(PACKAGE) == []


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("text/html.py", "from relintel.errors import InputError", None),
        ("text/html.py", "from relintel.text.lines import lines", None),
        ("text/html.py", "from . import lines\nfrom .lines import x\nimport html", None),
        ("cli/main.py", "import relintel\nfrom relintel import Scorer, engine", None),
        ("nlp/heads.py", "from relintel import __version__", None),
        ("__main__.py", "from relintel.cli.main import main", None),
        ("records.py", "from relintel.errors import A, B", "records.py:1 records imports errors"),
        ("errors.py", "import relintel.engine", "errors.py:1 errors imports engine"),
        ("text/html.py", "import relintel.config as c", "text/html.py:1 text imports config"),
        ("text/html.py", "import os, relintel.http", "text/html.py:1 text imports http"),
        ("nlp/heads.py", "from ..store import x", "nlp/heads.py:1 nlp imports store"),
        ("nlp/deep/er.py", "from ...store.rows import x", "nlp/deep/er.py:1 nlp imports store"),
        ("nlp/heads.py", "from .. import engine", "nlp/heads.py:1 nlp imports engine"),
        ("nlp/__init__.py", "from ..batch import x", "nlp/__init__.py:1 nlp imports batch"),
        ("store/rows.py", "from relintel import nlp", "store/rows.py:1 store imports nlp"),
        ("store/rows.py", "from relintel import Scorer", f"store/rows.py:1 store imports {FACE}"),
        ("store/rows.py", "import relintel", f"store/rows.py:1 store imports {FACE}"),
        ("serve/app.py", "from relintel.cli import x", "serve/app.py:1 serve imports cli"),
        (
            "batch/pool.py",
            "def f():\n    from relintel.engine import x",
            "batch/pool.py:2 batch imports engine",
        ),
        (
            "batch/pool.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import relintel.cli",
            "batch/pool.py:3 batch imports cli",
        ),
        (
            "batch/pool.py",
            "import importlib\nimportlib.import_module('relintel.training.fit')",
            "batch/pool.py:2 batch imports training",
        ),
        ("helpers/odd.py", "import os", "helpers: is in no row of the design"),
        ("odd.py", "import os", "odd: is in no row of the design"),
    ],
)
def test_the_rule_sees_a_made_up_tree(
    tmp_path: Path, path: str, source: str, expected: str | None
) -> None:
    package = tmp_path / "relintel"
    file = package / path
    file.parent.mkdir(parents=True)
    (package / "__init__.py").write_text("from relintel.engine import open\n")
    file.write_text(source)
    assert violations(package) == ([] if expected is None else [expected])


def test_import_loads_no_heavy_package() -> None:
    loaded = _modules_loaded_by("import relintel")
    ours = [name for name in loaded if name.split(".")[0] == "relintel"]
    foreign = {name.split(".")[0] for name in loaded} - {"relintel"} - sys.stdlib_module_names
    assert set(HEAVY).isdisjoint(foreign)
    assert foreign == set()
    assert "relintel" in ours
    assert len(ours) <= 8


def test_the_light_import_test_sees_a_heavy_one() -> None:
    assert "numpy" in _modules_loaded_by("import numpy")


def _modules_loaded_by(statement: str) -> list[str]:
    """Run a statement in a fresh interpreter and return the modules it brought in."""
    program = (
        f"import sys, json; before = set(sys.modules); {statement}; "
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return list(json.loads(run.stdout))
