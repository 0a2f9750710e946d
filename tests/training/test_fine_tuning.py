"""Real fine-tuning: DeepMind's weights, a few real clips, and videos that training has not seen."""

import os
from pathlib import Path

import numpy as np
import pytest

from keras_i3d.evaluation.metrics import confusion_matrix
from keras_i3d.evaluation.scores import load_scores
from tests.tools.test_predict import keras_i3d

# Split by video: what is tested is of other videos than what is learnt. Two windows of each.
LIST = """path,label,start,end,split
v_Basketball_g01_c01.avi,ball,,,train
v_SoccerJuggling_g23_c01.avi,ball,,,train
airdrum_d3dhelper.mp4,music,,,train
torchvision_basketball.mp4,ball,0,2,test
torchvision_basketball.mp4,ball,8,10,test
v_CricketShot_g04_c01.avi,ball,0,1.5,test
v_CricketShot_g04_c01.avi,ball,1.5,3,test
playing_guitar.mp4,music,0,2,test
playing_guitar.mp4,music,8,10,test
"""


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_new_head_learns_from_three_videos(shared, real_weights, tmp_path):
    """All six windows of three other videos are recognised; chance is a half."""
    for name in {line.split(",")[0] for line in LIST.splitlines()[1:]}:
        (tmp_path / name).symlink_to(shared / "clips" / name)
    (tmp_path / "list.csv").write_text(LIST)
    run = tmp_path / "run"
    status, _, err = keras_i3d(
        "train",
        "--recipe=few_clips",
        f"--data={tmp_path}/list.csv",
        "--steps=20",
        "--batch_size=4",
        "--validate_every=100",
        f"--output_dir={run}",
    )
    assert status == 0, err
    assert sorted(os.listdir(run))[-2:] == ["recipe.json", "tensorboard"]
    status, out, _ = keras_i3d("evaluate", f"--run={run}", f"--report={tmp_path}/report")
    assert status == 0
    assert out.startswith("6 of 6 listed videos, top_1 100"), out
    scores = load_scores(run / "test.npz")
    assert confusion_matrix(scores.probabilities, scores.labels).tolist() == [[4, 0], [0, 2]]
    assert np.isfinite(scores.logits).all()
    page = Path(tmp_path, "report/report.html").read_text("utf-8")
    assert "100.0" in page
    assert "published" not in page  # nobody has published this
