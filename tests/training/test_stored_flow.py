"""Flow that compute_flow stored beside video files: what does not fit is refused before a run."""

from dataclasses import replace

import numpy as np
import pytest

from keras_i3d.data.batches.augmentation import COLOUR_OPERATIONS
from keras_i3d.data.flow.flow_files import write_flow_file
from keras_i3d.data.flow.methods import FlowFingerprint
from keras_i3d.data.video.encoding import write_mp4
from keras_i3d.training.recipe_checks import augmentation
from keras_i3d.training.recipes import SYNTHETIC_SMALL
from keras_i3d.training.run import train

VIDEOS = [f"{split}/{label}/clip.mp4" for split in ("train", "val") for label in ("a", "b")]
FLOW = replace(
    SYNTHETIC_SMALL,
    model="five_units",
    stream="flow",
    num_frames=4,
    resize=18,
    crop=16,
    batch_size=2,
    steps=1,
    training_videos=4,
    validation_videos=2,
    warm_up=0,
    validate_every=1,
)
FLOW_LOSS = replace(FLOW, stream="rgb", flow_loss=("Unit_3=simple",))


@pytest.fixture
def videos(tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (6, 18, 24, 3), np.uint8)
    for name in VIDEOS:
        (tmp_path / "videos" / name).parent.mkdir(parents=True)
        write_mp4(tmp_path / "videos" / name, frames, 25)
    return tmp_path / "videos"


def stored(folder, names=VIDEOS, fps=25, short_side=18):
    """Flow of these videos, that nothing moves, as compute_flow stores it."""
    how = FlowFingerprint("tvl1", {}, "1", fps, short_side, 20.0)
    for name in names:
        path = folder / f"{name}.flow.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_flow_file(path, np.zeros((5, short_side, short_side * 4 // 3, 2), np.float32), how)
    return folder


@pytest.mark.parametrize("recipe", [FLOW, FLOW_LOSS], ids=["flow", "flow_loss"])
def test_a_run_without_fitting_flow_leaves_no_folder(recipe, videos, tmp_path):
    """Else adding --flow_folder would find a run of another recipe there."""
    recipe, run = replace(recipe, data=str(videos)), tmp_path / "run"

    def refused(message, **changes):
        with pytest.raises(ValueError, match=message):
            train(replace(recipe, **changes), run)
        assert not run.exists()

    refused("flow_folder should name the folder of these videos' flow, .* Received: None")
    for there in (tmp_path / "nowhere", stored(tmp_path / "others", ["train/c/clip.mp4"])):
        refused(
            f"flow_folder should have the flow of these videos, such as {there}/train/a/clip.mp4."
            f"flow.zip. Received: flow_folder={there}, which has none of them",
            flow_folder=str(there),
        )
    learnt = stored(tmp_path / "learnt", VIDEOS[:2])
    refused("such as .*learnt/val/a/clip.mp4.flow.zip", flow_folder=str(learnt))
    faster = stored(tmp_path / "faster", fps=30)
    refused(
        r"faster/train/a/clip.mp4.flow.zip: flow should be made with --fps=25 --short_side=18. "
        r"Received: --fps=30 --short_side=18; compute it again",
        flow_folder=str(faster),
    )
    larger = stored(tmp_path / "larger", short_side=24)
    refused("--short_side=18. Received: --fps=25 --short_side=24", flow_folder=str(larger))


@pytest.mark.parametrize("recipe", [FLOW, FLOW_LOSS], ids=["flow", "flow_loss"])
def test_rand_augment_leaves_pixels_where_their_flow_is(recipe, tmp_path):
    recipe = replace(recipe, rand_augment=2)
    assert augmentation(recipe, ("rgb",)).moves_pixels
    assert augmentation(recipe, ("rgb", "flow")).operations == COLOUR_OPERATIONS
    assert train(recipe, tmp_path / "run").is_file()


def test_fitting_flow_is_learnt_from_though_one_file_is_damaged(videos, tmp_path):
    """A damaged file costs its video, as a damaged video does."""
    flows = stored(tmp_path / "flow")
    (flows / f"{VIDEOS[0]}.flow.zip").write_bytes(b"torn")
    recipe = replace(FLOW, data=str(videos), flow_folder=str(flows))
    assert train(recipe, tmp_path / "run").is_file()
