"""keras-i3d experiments, as a user has it: all tables in small, twice, and a table of the files."""

import json
import subprocess
import sys

import pytest

from keras_i3d.evaluation.scores import load_scores
from tests.tools.test_predict import keras_i3d

SMALL = ("--scale=0.004", "--videos=12")


def test_unknown_tables_are_refused(tmp_path):
    status, _, err = keras_i3d("experiments", f"--out={tmp_path}/e", "--only=motion")
    assert (status, len(err.splitlines())) == (2, 1), err
    assert (
        "--only=motion: value should be one of <motion_needs_time|two_streams|new_task|d3d>" in err
    )
    assert not (tmp_path / "e").exists()


# Of so few steps, most of the time would go into the compilation of seven networks.
EAGER = """
import sys
from keras_i3d.tools.command import main
from keras_i3d.tools.running import quiet_import
with quiet_import():
    import tensorflow as tf
tf.config.run_functions_eagerly(True)
sys.argv[0] = "keras-i3d"
main()
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_all_of_them_in_small(tmp_path):
    arguments = [sys.executable, "-c", EAGER, "experiments", f"--out={tmp_path}", *SMALL]
    done = subprocess.run(arguments, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"\n{tmp_path}/report.html\n")
    report = (tmp_path / "report.md").read_bytes()
    assert report.count(b"\n| ") >= 14
    files = sorted(tmp_path.glob("*/test.npz"))
    assert len(files) == 7
    for file in files:
        recipe = json.loads((file.parent / "recipe.json").read_text())
        made = load_scores(file).made
        assert (made["split"], made["stream"]) == ("test", recipe["stream"])
        assert made["recipe"]["model"] == recipe["model"]
        assert len(made["weights_sha256"]) == 64
    # Nothing is trained a second time.
    status, _, err = keras_i3d("experiments", f"--out={tmp_path}", *SMALL)
    assert (status, err) == (0, "")
    assert (tmp_path / "report.md").read_bytes() == report
    # Every score file says enough for a row of its own.
    status, out, err = keras_i3d("report", *files, f"--report={tmp_path}/table")
    assert (status, err) == (0, "")
    rows = [[cell.strip() for cell in line.split("|")[1:7]] for line in out.splitlines()[2:-1]]
    assert len(rows) == 7
    assert all(all(row) for row in rows)
    status, _, err = keras_i3d("experiments", f"--out={tmp_path}", *SMALL, "--seed=1")
    assert (status, len(err.splitlines())) == (2, 1), err
    assert "seed: was 0, now 1" in err
    assert (files[0]).exists()
