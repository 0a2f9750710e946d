"""The wheel holds everything and works outside the checkout."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import PROJECT


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy of what is tracked, so that the checkout gets no build folders."""
    source = tmp_path_factory.mktemp("source")
    run("git", "-C", PROJECT, "checkout-index", "--all", f"--prefix={source}/")
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, source)
    (path,) = folder.glob("*.whl")
    return path


def python_of(folder: Path, dependencies: Path | None) -> str:
    """The Python of a new environment; with the dependencies of another, but not its packages."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    if dependencies is not None:
        site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        Path(site, "dependencies.pth").write_text(f"{dependencies}\n")
    return str(python)


TRY = """
import json, keras_i3d, keras_i3d.export, keras_i3d.tools.predict
import numpy as np
print(keras_i3d.__file__)
model = keras_i3d.I3D(weights=None, classes=5)
scores = model.predict_on_batch(np.zeros((1, 9, 193, 193, 3), "float32"))
print(keras_i3d.decode_predictions(np.eye(400)[:1], top=1))
"""


def try_it(python, folder):
    """Import, build, classify and run the command, from a folder that is not the checkout."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    out = run(python, "-c", TRY, cwd=folder, env=environment).splitlines()
    assert out[0].startswith(str(folder))
    assert out[1] == "[[('abseiling', 1.0)]]"
    command = Path(python).parent / "keras-i3d"
    assert "predict" in run(command, "--help", cwd=folder, env=environment)
    assert "--video" in run(command, "predict", "--help", cwd=folder, env=environment)


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
    tops = {name.split("/")[0] for name in names}
    info = {top for top in tops if top.endswith(".dist-info")}
    assert tops - info == {"keras_i3d"}
    assert {
        "keras_i3d/tools/predict.py",
        "keras_i3d/export/__init__.py",
        "keras_i3d/weights/labels/kinetics_600.txt",
        "keras_i3d/weights/labels/kinetics_700.txt",
    } <= names
    (license_,) = (n for n in names if n.endswith("/LICENSE"))
    assert license_.startswith(next(iter(info)))


def test_the_wheel_works_in_an_environment_of_its_own(wheel, tmp_path):
    python = python_of(tmp_path / "venv", Path(sysconfig.get_path("purelib")))
    run(python, "-m", "pip", "install", "--no-deps", wheel)
    try_it(python, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_wheel_installs_with_all_that_it_needs(wheel, tmp_path):
    """Nothing but the wheel is named; needs PyPI."""
    python = python_of(tmp_path / "venv", None)
    run(python, "-m", "pip", "install", "--quiet", wheel)
    try_it(python, tmp_path)
