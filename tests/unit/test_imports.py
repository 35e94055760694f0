"""The law of imports: rooms import downwards only. This reads the import statements and holds them to a table."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "pyramid_uws"

#: Room -> rooms of the package that it may import. The single modules at the top are rooms, too.
MAY_IMPORT = {
    "version": set(),
    "exceptions": set(),
    "interfaces": set(),
    "uws": {"exceptions"},
    "parameters": {"uws", "exceptions"},
    "observing": {"exceptions", "uws"},
    "commands": {"parameters", "uws", "exceptions"},
    "tables": {"parameters", "exceptions"},
    "documents": {"uws", "exceptions", "parameters"},
    "datalink": {"documents", "exceptions", "parameters", "tables", "uws"},
    "previews": {"datalink"},
    "tree": {"uws", "interfaces", "exceptions"},
    "definition": {"commands", "datalink", "uws", "parameters"},
    "settings": {"parameters", "uws"},
    "publishing": {"datalink", "settings"},
    "sections": {"commands", "definition", "parameters", "publishing", "settings", "uws"},
    "execution": {
        "commands",
        "definition",
        "exceptions",
        "interfaces",
        "observing",
        "parameters",
        "settings",
        "tables",
        "tree",
        "uws",
        "version",
    },
    "auth": {"exceptions", "interfaces", "settings", "tree", "uws"},
    "demo": {"datalink", "parameters", "tables", "exceptions"},
    "pages": {
        "auth",
        "definition",
        "documents",
        "exceptions",
        "interfaces",
        "parameters",
        "settings",
        "tree",
        "uws",
        "version",
    },
    "snapshot": {"tree"},
    "urls": {"interfaces"},
    "views": {
        "auth",
        "datalink",
        "definition",
        "documents",
        "exceptions",
        "execution",
        "interfaces",
        "observing",
        "pages",
        "parameters",
        "previews",
        "settings",
        "snapshot",
        "tree",
        "uws",
        "version",
    },
    "server": {"views"},
    "databases": {"admin", "execution", "tree"},
    "site": {
        "admin",
        "databases",
        "definition",
        "execution",
        "observing",
        "previews",
        "settings",
        "snapshot",
        "tree",
        "uws",
        "views",
    },
    "config": {
        "commands",
        "datalink",
        "definition",
        "interfaces",
        "parameters",
        "publishing",
        "sections",
        "settings",
        "tree",
        "uws",
        "views",
    },
    "admin": {
        "auth",
        "definition",
        "documents",
        "exceptions",
        "execution",
        "observing",
        "settings",
        "tree",
        "uws",
        "version",
    },
    "cli": {"admin", "auth", "config", "definition", "exceptions", "observing", "settings", "site"},
    "worker": {"site", "version"},
    "application": {"auth", "config", "definition", "settings", "site", "views"},
    "__init__": {"version"},
}

#: What the process of a job must never load.
HEAVY = ("ZODB", "pyramid", "transaction", "waitress", "lxml", "numpy", "pyarrow", "astropy")


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path):
    """Yield the rooms of the package that a module imports."""
    package = ["pyramid_uws", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "pyramid_uws" and len(parts) > 1:
                yield parts[1]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_what_is_below_it(path):
    room = room_of(path)
    known = MAY_IMPORT[room] | {room}

    strangers = {name for name in imports_of(path) if name in MAY_IMPORT} - known

    assert not strangers, f"{path.name} in {room!r} imports {sorted(strangers)}"


def test_the_table_has_no_circles():
    order = []
    while len(order) < len(MAY_IMPORT):
        free = [room for room, below in MAY_IMPORT.items() if room not in order and below <= set(order)]
        assert free, f"rooms in a circle: {sorted(set(MAY_IMPORT) - set(order))}"
        order += free


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_is_imported_inside_a_function(path):
    """Only the demo's heavy packages may come in late, so that the web process stays slim."""
    if room_of(path) == "demo":
        return
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    late = [
        node.lineno
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not late


@pytest.mark.parametrize("module", ["execution.child", "execution.keeper", "execution.forkserver", "parameters"])
def test_the_process_of_a_job_loads_neither_database_nor_web_framework(module):
    script = f"import sys, pyramid_uws.{module}; print(*(name for name in {HEAVY} if name in sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert loaded.split() == []
