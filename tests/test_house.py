"""The rules of the house: which way imports go, how long a file is, what is documented."""

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import keras_i3d

PROJECT = Path(__file__).parent.parent
PACKAGE = PROJECT / "keras_i3d"

# Which rooms of the package a room may import, besides itself.
DATA = (
    "data.pixels",
    "data.video",
    "data.lists",
    "data.checks",
    "data.flow",
    "data.synthetic",
    "data.shards",
    "data.batches",
)
MAY_IMPORT = {
    "files": set(),
    "classes": set(),
    "shown_options": set(),
    "data": {"data.pixels", "data.video"},
    "data.pixels": set(),
    "data.video": {"files", "data.pixels"},
    "data.lists": {"files", "classes"},
    "data.checks": {"files", "data.video", "data.lists"},
    "data.flow": {"files", "data.pixels", "data.video"},
    "data.synthetic": {"files", "data.video"},
    "data.shards": {"files", "data.pixels", "data.video", "data.lists", "data.flow"},
    "data.batches": {
        "files",
        "data.pixels",
        "data.video",
        "data.lists",
        "data.flow",
        "data.synthetic",
        "data.shards",
    },
    "layers": set(),
    "inflation": {"layers"},
    "models": {"shown_options", "layers", "inflation", "data.pixels"},
    "weights": {"classes", "files", "layers", "models", "data.pixels", "inflation"},
    "applications": {
        "classes",
        "shown_options",
        "files",
        "models",
        "weights",
        "inflation",
        "data.pixels",
    },
    "engines": {
        "files",
        "data.pixels",
        "data.video",
        "data.flow",
        "layers",
        "models",
        "weights",
        "applications",
        "prediction_inputs",
    },
    "prediction_inputs": {"data.lists", "data.video"},
    "prediction": {
        "classes",
        "shown_options",
        "files",
        "data.pixels",
        "data.video",
        "data.flow",
        "applications",
        "engines",
        "prediction_inputs",
    },
    "features": {
        "shown_options",
        "files",
        "data.pixels",
        "data.video",
        "data.lists",
        "data.flow",
        "data.shards",
        "layers",
        "models",
        "weights",
        "applications",
        "engines",
        "prediction_inputs",
        "visualisation",
    },
    "visualisation": {"files", "data.pixels", "data.video", "data.batches"},
    "training": {
        "files",
        "data",
        *DATA,
        "models",
        "weights",
        "applications",
        "layers",
        "inflation",
        "visualisation",
    },
    "evaluation": {
        "shown_options",
        "files",
        "models",
        "data.pixels",
        "data.lists",
        "data.batches",
        "weights",
        "applications",
        "engines",
        "visualisation",
        "training",
    },
    "fvd": {
        "shown_options",
        "files",
        "data.pixels",
        "data.video",
        "data.lists",
        "applications",
        "engines",
        "prediction_inputs",
        "visualisation",
        "evaluation",
    },
    "experiments": {
        "files",
        *DATA,
        "applications",
        "visualisation",
        "training",
        "evaluation",
    },
    "export": {"*"},
    "tools": {"*"},
}
# These take the preprocessing record from data, and nothing else.
ONLY = {
    (room, "data.pixels"): {"keras_i3d.data.pixels.preprocessing"}
    for room in ("models", "weights", "applications")
}
# Modules of other packages that only some parts may import.
GUARDED = {"tensorflow": {"data", "training", "export"}}
# Optional or heavy packages, each imported in one file.
IN_ONE_FILE = (
    "apache_beam",
    "argcomplete",
    "cv2",
    "filelock",
    "fsspec",
    "nncf",
    "openvino",
    "pebble",
    "platformdirs",
    "pyarrow",
    "requests",
    "torch",
)
# Heavy packages, each for one part of the package.
IN_ONE_PART = {
    "av": "data",
    "grpc": "export",
    "numba": "data",
    "prometheus_client": "export",
    "tensorflow_serving": "export",
    "waitress": "export",
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "misc", "core"}
# A model's table and the weights' records may be longer than the rest.
LONGEST_FILE = 280


def sources():
    yield from PACKAGE.rglob("*.py")
    yield from (PROJECT / "export").rglob("*.py")
    yield from (PROJECT / "tools").rglob("*.py")


def part(path: Path) -> str:
    inside = path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else PROJECT)
    return inside.parts[0].removesuffix(".py")


def room(module: str) -> str | None:
    """The room of a module of the package; None for a name of keras_i3d itself."""
    _, first, *rest = module.split(".")
    if first == "data" and rest and (PACKAGE / "data" / rest[0]).is_dir():
        return f"data.{rest[0]}"
    known = (PACKAGE / first).exists() or (PACKAGE / f"{first}.py").exists()
    return first if known or first in ("export", "tools") else None


def imports(path: Path):
    """(line, module) of every import, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            yield node.lineno, node.module
            if node.module == "keras_i3d" or node.module.count(".") == 1:
                yield from ((node.lineno, f"{node.module}.{a.name}") for a in node.names)


def test_imports_go_one_way():
    seen = 0
    for path in sources():
        inside = path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else PROJECT)
        here = room(".".join(("keras_i3d", *inside.with_suffix("").parts)))
        if inside.name == "__init__.py" and len(inside.parts) == 1:
            continue
        allowed = MAY_IMPORT[here] | {here}
        for line, module in imports(path):
            seen += 1
            if not module.startswith("keras_i3d.") or "*" in allowed:
                continue
            there = room(module)
            if there is None:
                continue
            assert there in allowed, f"{path}:{line}: {here} may not import {module}"
            if only := ONLY.get((here, there)):
                assert any(module.startswith(m) for m in only), f"{path}:{line}: {module}"
    assert seen > 100


def test_no_room_stands_on_one_that_stands_on_it():
    """The table itself has no circle: every room can be taken in an order."""
    placed, left = set(), {k: v for k, v in MAY_IMPORT.items() if "*" not in v}
    while left:
        ready = {here for here, allowed in left.items() if allowed <= placed}
        assert ready, f"these stand on each other: {sorted(left)}"
        placed |= ready
        left = {here: allowed for here, allowed in left.items() if here not in ready}


# A network and its weights, or a tool and the module with its work, may share a name.
SAME_MEANING = {
    "depthwise",
    "evaluate",
    "evaluation",
    "files",
    "flow",
    "i3d",
    "inception_v1",
    "inflated",
    "learnt_flow",
    "report",
    "s3d",
    "resnet_3d",
    "sample_video",
    "serving_config",
    "training",
}


def test_no_two_files_of_different_meaning_bear_one_name():
    seen = {}
    for path in sources():
        if path.name == "__init__.py" or path.stem in SAME_MEANING:
            continue
        assert path.stem not in seen, f"{path} and {seen[path.stem]} bear one name"
        seen[path.stem] = path


def test_guarded_packages_stay_where_they_belong():
    for path in sources():
        for line, module in imports(path):
            parts = GUARDED.get(module.split(".")[0])
            assert parts is None or part(path) in parts, f"{path}:{line} imports {module}"


@pytest.mark.parametrize("package", IN_ONE_FILE)
def test_optional_packages_are_imported_in_one_file(package):
    files = {p for p in sources() for _, m in imports(p) if m.split(".")[0] == package}
    assert len(files) <= 1, f"{package} is imported in {sorted(map(str, files))}"


@pytest.mark.parametrize("package", sorted(IN_ONE_PART))
def test_heavy_packages_are_imported_in_one_part(package):
    parts = {part(p) for p in sources() for _, m in imports(p) if m.split(".")[0] == package}
    assert parts <= {IN_ONE_PART[package]}


def test_files_are_short_and_named_for_what_is_inside():
    for path in sources():
        lines = len(path.read_text("utf-8").splitlines())
        assert lines <= LONGEST_FILE, f"{path} has {lines} lines"
        assert path.stem not in VAGUE, f"{path}: a name that says nothing"


def public_modules():
    names = [m.name for m in pkgutil.walk_packages(keras_i3d.__path__, "keras_i3d.")]
    return [name for name in names if ".tools" not in name]


@pytest.mark.parametrize("name", ["keras_i3d", *public_modules()])
def test_everything_public_is_documented(name):
    module = importlib.import_module(name)
    assert inspect.getdoc(module), f"{name} has no docstring"
    for public, thing in vars(module).items():
        if public.startswith("_") or getattr(thing, "__module__", None) != name:
            continue
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), f"{name}.{public} has no docstring"


def test_no_tensorflow_in_the_network_or_its_weights():
    """What runs on JAX and PyTorch must not need TensorFlow to be installed."""
    folders = ("layers", "inflation", "models", "weights")
    used = {
        m.split(".")[0] for f in folders for p in (PACKAGE / f).rglob("*.py") for _, m in imports(p)
    }
    assert "tensorflow" not in used
    assert "keras" in used
