"""Every command of docs/d3d.md, in one bash, on six small videos laid out as UCF-101 is.

`train`, `compute_flow` and `decode_flow` get smaller numbers, and random weights where the page
names none; all else is as on the page.
"""

import json
import re
import shutil
import zipfile

import numpy as np
import pytest

from keras_i3d.applications.loaded import load
from keras_i3d.evaluation.scores import load_scores
from tests.conftest import PROJECT
from tests.forked_command import loaded_process, run_in_bash

PAGE = "docs/d3d.md"
SHELL = """
keras-i3d() {
  local small=()
  case "$1" in
    train)
      small=(--steps=2 --boundaries= --factors=1 --batch_size=2 --num_frames=8 --resize=32 --crop=32
        --validate_every=2 --clip_norm=0.1)
      [[ "$*" == *--weights=* ]] || small+=(--weights=none) ;;
    compute_flow) small=(--short_side=32) ;;
    decode_flow) small=(--steps=2 --batch_size=2) ;;
  esac
  forked_keras_i3d "$@" "${small[@]}"
}
"""


def blocks():
    return re.findall(r"```bash\n(.*?)```", (PROJECT / PAGE).read_text("utf-8"), re.DOTALL)


def run(code, folder):
    return run_in_bash(SHELL + code, folder, timeout=1500)


@pytest.mark.long
@pytest.mark.timeout(1600)
def test_every_command_of_the_walk(tmp_path):
    with loaded_process(tmp_path):
        run(
            "keras-i3d make_synthetic --out=made --videos=3 --frames=12 --size=64x48 "
            "--motions=MoveLeft,ZoomIn",
            tmp_path,
        )
        shutil.copytree(tmp_path / "made/videos", tmp_path / "UCF-101")
        shutil.copytree(tmp_path / "made/ucfTrainTestlist", tmp_path / "ucfTrainTestlist")
        shutil.copy(next((tmp_path / "UCF-101").glob("*/*.mp4")), tmp_path / "new.mp4")
        printed = run("".join(blocks()), tmp_path)
    assert re.search(r"new\.mp4  12 frames[\s\S]+ (MoveLeft|ZoomIn) ", printed)
    recipe = json.loads((tmp_path / "d3d/student/recipe.json").read_text())
    assert (recipe["model"], recipe["distil"], recipe["teacher"]) == (
        "s3d_g",
        ["Logits"],
        "d3d/teacher",
    )
    with zipfile.ZipFile(tmp_path / "d3d/student/final.keras") as archive:
        record = json.loads(archive.read("keras_i3d.json"))
    assert list(record["inputs"]) == ["rgb"]
    fused = load_scores(tmp_path / "d3d/student_and_teacher.npz")
    parts = [load_scores(tmp_path / f"d3d/{name}/test.npz") for name in ("student", "teacher")]
    assert fused.ids.tolist() == sorted(parts[0].ids.tolist()) == sorted(parts[1].ids.tolist())
    for name in ("table", "gain", "flow_in_rgb/report", "flow_in_student/report"):
        assert (tmp_path / "d3d" / name / "report.html").is_file()
    assert (tmp_path / "models/d3d/1/saved_model.pb").is_file()
    features, student = (load(tmp_path / f"mers/{name}").model for name in ("features", "student"))
    for one, other in zip(features.weights, student.weights, strict=True):
        learnt = not np.array_equal(one, other)
        assert learnt == one.path.startswith("Logits"), one.path


def test_the_walk_names_every_step():
    """The test above runs whatever stands there; these must stand there."""
    commands = "\n".join(blocks())
    assert set(re.findall(r"keras-i3d (\w+)", commands)) == {
        *("compute_flow", "train", "evaluate", "fuse", "report"),
        *("decode_flow", "predict", "export_saved_model"),
    }
    assert "--recipe=d3d --teacher=d3d/teacher" in commands
