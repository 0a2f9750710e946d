"""What `import keras_i3d` and its rooms offer, and what that costs."""

import ast
import importlib
import inspect
import operator
import subprocess
import sys

import pytest

import keras_i3d
from tests.conftest import PROJECT

# Each has its public names in one place, an __init__.pyi.
FACADES = {
    "keras_i3d": "keras_i3d",
    "keras_i3d.data": "keras_i3d/data",
    "keras_i3d.engines": "keras_i3d/engines",
    "keras_i3d.training": "keras_i3d/training",
    "keras_i3d.evaluation": "keras_i3d/evaluation",
    "keras_i3d.export": "export",
    "keras_i3d.fvd": "keras_i3d/fvd",
}


def promised():
    """(package, module, name) of each public name."""
    for package, folder in FACADES.items():
        for node in ast.parse((PROJECT / folder / "__init__.pyi").read_text("utf-8")).body:
            if isinstance(node, ast.ImportFrom) and node.module:
                yield from ((package, node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize(("package", "module", "name"), promised())
def test_each_name_is_what_its_module_has(package, module, name):
    home = importlib.import_module(f"{package}.{module}")
    assert getattr(importlib.import_module(package), name) is getattr(home, name)
    assert name in importlib.import_module(package).__all__


def test_no_name_is_a_module_too():
    """Else what `from keras_i3d.training import fit` gives would depend on what came before."""
    for package, module, name in promised():
        folder = PROJECT / FACADES[package]
        assert not (folder / name).exists() and not (folder / f"{name}.py").exists(), (module, name)


def test_all_names_are_listed_before_anything_is_loaded():
    program = (
        f"import sys, {', '.join(FACADES)}\n"
        "print(*dir(keras_i3d), *dir(keras_i3d.training), *dir(keras_i3d.export))\n"
        "print([name for name in ('keras', 'tensorflow', 'numpy', 'av') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    names, loaded = done.stdout.splitlines()
    assert {"I3D", "load", "read_clip", "train", "fit", "Step", "GrpcClient"} <= set(names.split())
    assert (loaded, done.stderr) == ("[]", "")


def test_rooms_need_no_import_of_their_own():
    """`keras_i3d.fvd.fvd(...)` is called after `import keras_i3d` alone."""
    rooms = sorted(FACADES.keys() - {"keras_i3d"})
    program = (
        "import sys, keras_i3d\n"
        f"print({'.__name__, '.join(rooms)}.__name__)\n"
        "print([name for name in ('keras', 'tensorflow', 'numpy', 'av') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"{' '.join(rooms)}\n[]\n", "")
    assert {room.removeprefix("keras_i3d.") for room in rooms} <= set(keras_i3d.__all__)


def test_a_name_that_there_is_not():
    with pytest.raises(AttributeError, match="I4D"):
        keras_i3d.I4D  # noqa: B018


def test_every_argument_is_shown_by_its_name():
    hidden = {}
    for package, _, name in promised():
        function = getattr(importlib.import_module(package), name)
        raised = inspect.isclass(function) and issubclass(function, Exception)
        if callable(function) and not raised:
            parameters = inspect.signature(function).parameters.values()
            hidden[name] = [p.name for p in parameters if p.kind == p.VAR_KEYWORD]
    # A layer also takes what every layer of Keras takes.
    assert {name for name, options in hidden.items() if options} == {"NonLocalBlock3D"}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("predict_videos", (None, [])),
        ("extract_features", ("gone.mp4",)),
        ("feature_windows", ("gone.mp4",)),
        ("FeatureExtractor", ()),
        ("fvd.fvd", ("gone", "gone")),
        ("evaluation.evaluate_run", (None,)),
        ("export.ask_video", (None, "gone.mp4")),
        ("export.connect", ("localhost:1", "i3d")),
        ("export.GrpcClient", ("localhost:1", "i3d")),
        ("export.RestClient", ("localhost:1", "i3d")),
    ],
)
def test_a_wrong_name_is_told_before_anything_is_done(name, arguments):
    function = operator.attrgetter(name)(keras_i3d)
    with pytest.raises(TypeError, match=f"^{name.split('.')[-1]}.*'strde'"):
        function(*arguments, strde=16)
