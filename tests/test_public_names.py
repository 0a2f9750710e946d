"""What `import keras_i3d` offers, and what it costs."""

import ast
import importlib
import subprocess
import sys

import pytest

import keras_i3d
from tests.conftest import PROJECT


def promised():
    """(name, module) of each import that only type checkers see."""
    tree = ast.parse((PROJECT / "keras_i3d" / "__init__.py").read_text("utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    return [(alias.name, node.module) for node in block.body for alias in node.names]


def test_type_checkers_see_the_names_that_there_are():
    assert sorted(name for name, _ in promised()) == keras_i3d.__all__


@pytest.mark.parametrize(("name", "module"), promised())
def test_each_name_is_what_its_module_has(name, module):
    assert getattr(keras_i3d, name) is getattr(importlib.import_module(module), name)


def test_all_names_are_listed_before_they_are_loaded():
    program = "import sys, keras_i3d; print(*dir(keras_i3d)); print('keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    names, loaded = done.stdout.splitlines()
    assert {"I3D", "read_clip", "predict_video", "__version__"} <= set(names.split())
    assert (loaded, done.stderr) == ("False", "")


def test_a_name_that_there_is_not():
    with pytest.raises(AttributeError, match="no attribute 'I4D'"):
        keras_i3d.I4D  # noqa: B018
