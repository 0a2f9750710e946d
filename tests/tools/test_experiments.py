"""keras-i3d experiments as a user has it: wrong flags, and the table of filters in small, twice."""

import json
import subprocess

import pytest

from keras_i3d.evaluation.scores import load_scores
from tests.conftest import EAGER_COMMAND
from tests.tools.test_predict import keras_i3d

SMALL = ("--only=filters", "--scale=0.004", "--videos=4", "--repetitions=1", "--processes=1")


def test_unknown_tables_are_refused(tmp_path):
    status, _, err = keras_i3d("experiments", f"--out={tmp_path}/e", "--only=motion")
    assert (status, len(err.splitlines())) == (2, 1), err
    wanted = "<table_1|table_2|order|table_3|table_4|filters|d3d>"
    assert f"--only=motion: value should be one of {wanted}" in err
    assert not (tmp_path / "e").exists()


def test_repetitions_are_not_for_d3d(tmp_path):
    flags = ("--only=d3d", "--repetitions=1")
    status, _, err = keras_i3d("experiments", f"--out={tmp_path}/e", *flags)
    assert (status, len(err.splitlines())) == (2, 1), err
    assert "--repetitions should be 3 with --only=d3d" in err


def in_small(out, *flags):
    arguments = [*EAGER_COMMAND, "experiments", f"--out={out}", *SMALL, *flags]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=500)


@pytest.mark.long
def test_a_table_in_small(tmp_path):
    """An image network, I3D on RGB and on flow from it, and what became of their filters."""
    done = in_small(tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"\n{tmp_path}/report.html\n")
    report = (tmp_path / "report.md").read_bytes()
    assert (tmp_path / "filters.png").read_bytes().startswith(b"\x89PNG")
    assert b"![First kernels" in report
    files = sorted(tmp_path.glob("seed_0/*/test.npz"))
    assert len(files) == 3
    for file in files:
        recipe = json.loads((file.parent / "recipe.json").read_text())
        made = load_scores(file).made
        assert (made["split"], made["stream"]) == ("test", recipe["stream"])
        assert made["recipe"]["model"] == recipe["model"]
        assert len(made["weights_sha256"]) == 64
    # Nothing is trained a second time, but what has been lost.
    files[0].unlink()
    before = (files[0].parent / "final.keras").stat().st_mtime_ns
    done = in_small(tmp_path)
    assert done.returncode == 0, done.stderr
    assert (files[0].parent / "final.keras").stat().st_mtime_ns == before
    assert (tmp_path / "report.md").read_bytes() == report
    # Other numbers would be another table.
    done = in_small(tmp_path, "--scale=0.02")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert "has a run with another recipe: steps: was 1, now 4" in done.stderr
    assert files[-1].exists()
