"""Every command of docs/finetune.md, on small synthetic videos laid out as the data sets are.

The commands run in bash as they stand. What is other than a user's: the functions of SHELL, which
make archives out of synthetic videos and give `train` smaller numbers and random weights; of
UCF-101 two divisions are trained, of HMDB-51 one.
"""

import json
import re
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_i3d.layers.keras_internals import all_layers
from keras_i3d.models.i3d import build_i3d
from tests.conftest import PROJECT
from tests.forked_command import loaded_process, run_in_bash

PAGE = "docs/finetune.md"
VIDEOS = "--videos=3 --frames=12 --size=64x48 --motions=MoveLeft,ZoomIn"
TRAINED = {"ucf101": "12", "hmdb51": "2"}
SHELL = """
unzip() { :; }
unrar() {  # unrar x ARCHIVE [FOLDER/]
  case "$2" in
    UCF101.rar | test_train_splits.rar) ;;
    hmdb51_org.rar) mkdir "$3" && touch "$3MoveLeft.rar" "$3ZoomIn.rar" ;;
    *) mkdir -p "$3" && cp -r "HMDB/$(basename "$2" .rar)" "$3" ;;
  esac
}
keras-i3d() {
  local small=() weights="$HERE/rgb.weights.h5"
  [[ "$*" == *--stream=flow* ]] && weights="$HERE/flow.weights.h5"
  [[ "$*" == *--transfer=original* ]] && weights=none
  # The networks beside I3D start from random weights, or from what one of them has learnt here.
  local network=()
  if [[ "$*" == *--recipe=* && "$*" != *_fine_tune* && "$*" != *few_clips* ]]; then
    network=(--width=0.0625 --num_frames=none)
    [[ "$*" == *convnet_lstm* ]] && network+=(--num_frames=4)
    [[ "$*" == *--weights=* ]] && weights="$(grep -o 'ucf101/[^ ]*final.keras' <<< "$*")"
    [[ "$*" == *--weights=* ]] || weights=none
  fi
  case "$1" in
    train)
      small=(--steps=2 --batch_size=2 --num_frames=8 --resize=32 --crop=32 --weights="$weights"
        --batch_norm_momentum=0.1 --clip_norm=0.1 "${network[@]}")
      [[ "$*" == *convnet_lstm* ]] && small+=(--batch_norm_batches=2) ;;
    compute_flow | make_tfrecords) small=(--short_side=32) ;;
  esac
  forked_keras_i3d "$@" "${small[@]}"
}
"""


def blocks():
    """The commands, block by block."""
    return re.findall(r"```bash\n(.*?)```", (PROJECT / PAGE).read_text("utf-8"), re.DOTALL)


@pytest.fixture
def folder(tmp_path):
    """Where the commands run."""
    with loaded_process(tmp_path):
        yield tmp_path


def run(code, folder):
    return run_in_bash(SHELL + code, folder)


def lay_out(folder):
    """UCF-101, HMDB-51 and one's own videos, out of six synthetic ones."""
    run(f"keras-i3d make_synthetic --out=synthetic {VIDEOS}", folder)
    made = folder / "synthetic"
    shutil.copytree(made / "videos", folder / "UCF-101")
    shutil.copytree(made / "ucfTrainTestlist", folder / "ucfTrainTestlist")
    shutil.copytree(made / "videos", folder / "HMDB")
    lists = folder / "testTrainMulti_7030_splits"
    lists.mkdir()
    for division in (1, 2, 3):
        tested = (made / f"ucfTrainTestlist/testlist{division:02d}.txt").read_text()
        for name in ("MoveLeft", "ZoomIn"):
            stems = sorted(path.stem for path in (made / "videos" / name).iterdir())
            text = "".join(f"{s}.avi {2 if f'/{s}.' in tested else 1} \n" for s in stems)
            (lists / f"{name}_test_split{division}.txt").write_text(text)
    rows = ["path,label,start,end,split"]
    for name in ("MoveLeft", "ZoomIn"):
        for split, groups in (("train", (1, 2)), ("test", (3,))):
            (folder / "videos" / split / name).mkdir(parents=True)
            for group in groups:
                path = Path(split, name, f"{group}.mp4")
                source = made / "videos" / name / f"v_{name}_g{group:02d}_c01.mp4"
                shutil.copy(source, folder / "videos" / path)
                rows.append(f"{path},{name},0,0.4,{split}")
    (folder / "videos/list.csv").write_text("\n".join(rows) + "\n")
    shutil.copy(source, folder / "new.mp4")
    for stream in ("rgb", "flow"):
        random_weights(stream).save_weights(folder / f"{stream}.weights.h5")


def random_weights(stream):
    """Random ones, but batch norm has the statistics that go with them, as trained weights have."""
    model = build_i3d(stream, include_top=True)
    norms = [n for n in all_layers(model) if isinstance(n, keras.layers.BatchNormalization)]
    for norm in norms:
        norm.momentum = 0.0
    model(
        np.random.default_rng(0).uniform(-1, 1, (1, 16, 224, 224, 3 - (stream == "flow"))),
        training=True,
    )
    return model


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_command_of_the_walk(folder):
    lay_out(folder)
    printed = []
    for code in blocks():
        for data_set, divisions in TRAINED.items():
            if f"{data_set}_fine_tune --stream" in code:
                assert "for n in 1 2 3;" in code
                code = code.replace("for n in 1 2 3;", f"for n in {' '.join(divisions)};")
        printed.append(run(code, folder))
    text = "".join(printed)
    assert text.count("6 listed = 6 ok + 0 damaged + 0 failed + 0 missing") == 3
    for data_set, divisions in TRAINED.items():
        rows = json.loads((folder / data_set / "table/figures.json").read_text())["rows"]
        assert [row["stream"] for row in rows] == ["rgb", "flow", "rgb + flow"]
        for row in rows:
            values = [float(row[f"split {n}"]) for n in divisions]
            assert set(values) <= {0.0, 50.0, 100.0}  # of two test videos
            assert float(row["mean"]) == pytest.approx(sum(values) / len(values), abs=0.05)
    networks = json.loads((folder / "ucf101/networks/figures.json").read_text())["rows"]
    assert sorted((row["model"], row["stream"]) for row in networks) == [
        *(("convnet_2d", stream) for stream in ("flow", "rgb", "rgb + flow")),
        *(("convnet_3d", "rgb"), ("convnet_lstm", "rgb")),
        *((network, "rgb + flow") for network in ("fused_3d", "two_stream")),
    ]
    assert "Difference to the other run" in (
        folder / "ucf101/what_flow_adds/report.html"
    ).read_text("utf-8")
    assert re.search(r"new\.mp4  12 frames[\s\S]+ (MoveLeft|ZoomIn) ", printed[-2])


def test_the_walk_names_every_step():
    """The test above runs whatever stands there; these must stand there."""
    commands = "\n".join(blocks())
    tools = set(re.findall(r"keras-i3d (\w+)", commands))
    assert tools == {
        *("check_dataset", "compute_flow", "make_tfrecords"),
        *("train", "evaluate", "fuse", "report", "predict"),
    }
    for flag in (
        "--recipe=two_stream",
        "two_stream fused_3d",
        "--transfer=fixed",
        "--transfer=original",
        "ucf101_fine_tune",
        "hmdb51_fine_tune",
    ):
        assert flag in commands
    assert commands.count("for n in 1 2 3;") == 3
