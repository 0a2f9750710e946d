"""One recipe for each published run, and recipes as JSON."""

import dataclasses
import json
from dataclasses import replace

from keras_i3d.training.learning_rate_schedules import (
    CosineSchedule,
    PlateauSchedule,
    Schedule,
    StepSchedule,
)
from keras_i3d.training.recipe import Recipe

# kinetics-i3d's README: 64 replicas of 6 clips (and 4 more, of which the slowest 4 are left out),
# 115 k steps. Kinetics-400 test set: 71.1 % top-1, 89.3 % top-5; with weights=none 68.4 % and
# 88.0 %. Frames, crop and mirroring: "Quo Vadis", section 3.5.
KINETICS_RGB = Recipe(
    weights="imagenet",
    batch_size=384,
    steps=115_000,
    boundaries=(97_000, 108_000),
    factors=(1.0, 0.1, 0.01),
)
# The same README: 155 k steps, since more training was found to be needed after the first 115 k.
# 63.4 % top-1, 84.9 % top-5; with weights=none 61.5 % and 83.4 %.
KINETICS_FLOW = replace(
    KINETICS_RGB,
    stream="flow",
    steps=155_000,
    boundaries=(97_000, 104_500, 115_000, 140_000, 150_000),
    factors=(1.0, 0.1, 0.01, 1.0, 0.1, 0.01),
)
# What "Quo Vadis" compares I3D with, section 3.5: SGD with momentum 0.9, 110 k steps on 32 GPUs, of
# 3D-ConvNet on 64, the learning rate a tenth where the validation's loss stays. The rate itself and
# the 6 clips a GPU are not in the paper: they are I3D's.
QUO_VADIS = Recipe(weights="imagenet", batch_size=192, steps=110_000, schedule="plateau")
# Kinetics-400's test set, table 2: RGB 63.6 %; with weights=none, table 3, 53.9 %. That the LSTM's
# statistics are computed again at the end is Cooijmans et al.'s; of how many batches is ours.
CONVNET_LSTM = replace(QUO_VADIS, model="convnet_lstm", batch_norm_batches=100)
# 56.1 %; nothing to start from is published.
CONVNET_3D = replace(QUO_VADIS, model="convnet_3d", weights=None, batch_size=384)
# Both streams at once, a loss each: 65.6 %; alone (model=convnet_2d, stream=rgb or flow) 62.2 % and
# 52.4 %; with weights=none 62.8 %, 57.9 % and 49.6 %.
TWO_STREAM = replace(QUO_VADIS, model="two_stream", stream="both")
# 67.2 %; with weights=none 62.7 %.
FUSED_3D = replace(QUO_VADIS, model="fused_3d", stream="both")
# Xie et al., "Rethinking Spatiotemporal Feature Learning", 2018, as the README of a PyTorch code
# quotes it: 56 GPUs of 6 clips of 64 frames, 80 k steps. Kinetics-400, validation set: 72.2 %
# top-1, 90.6 % top-5; with weights=none 69.4 % and 89.1 %. Dropout is slim's. The paper's clips are
# of 25 frames a second in [-1, 1]; the network's record has what torchvision's weights saw.
S3D = replace(
    KINETICS_RGB,
    model="s3d",
    num_frames=64,
    dropout=0.2,
    batch_size=336,
    steps=80_000,
    boundaries=(60_000, 70_000),
)
# The same: 74.7 % and 93.4 %; of two streams 77.2 % and 93.0 %.
S3D_G = replace(S3D, model="s3d_g")
# "Non-local Neural Networks", section 4.1: 8 GPUs of 8 clips, 32 frames of 64, 400 k steps.
# Kinetics-400, validation set: 74.9 % top-1, 91.6 % top-5; without the blocks (model=i3d_r50)
# 73.3 %. The paper starts from ImageNet's ResNet-50, which is not available in this layout, and
# draws the shorter side from 256 to 320.
NON_LOCAL = Recipe(
    model="nl_i3d_r50",
    num_frames=32,
    stride=2,
    batch_size=64,
    steps=400_000,
    learning_rate=0.01,
    boundaries=(150_000, 300_000),
    factors=(1.0, 0.1, 0.01),
    weight_decay=1e-4,
)
# "Quo Vadis", section 5: 5 k steps on 16 GPUs, everything learns. Mean of UCF-101's three splits,
# table 5: RGB 95.6 %, flow (stream=flow) 96.7 %, both 98.0 %; with weights=kinetics 95.1 %, 96.5 %
# and 97.8 %. The learning rate, its schedule and the 6 clips a GPU are not in the paper: they are
# our choice.
UCF101_FINE_TUNE = replace(
    KINETICS_RGB,
    weights="imagenet+kinetics",
    transfer="full",
    format="ucf101",
    validation_split="test",
    batch_size=96,
    learning_rate=0.01,
    steps=5_000,
    boundaries=(3_000, 4_500),
    validate_every=500,
)
# The same on HMDB-51, table 5: RGB 74.8 %, flow 77.1 %, both 80.7 %; with weights=kinetics 74.3 %,
# 77.3 % and 80.9 %.
HMDB51_FINE_TUNE = replace(UCF101_FINE_TUNE, format="hmdb51")
# Ours, for a few videos of one's own on a CPU, in folders CLASS/FILE below train and test: only the
# head learns, of short clips.
FEW_CLIPS = replace(
    UCF101_FINE_TUNE,
    weights="kinetics",
    transfer="fixed",
    format="folders",
    num_frames=16,
    batch_size=8,
    learning_rate=0.1,
    schedule="cosine",
    boundaries=(),
    factors=(1.0,),
    steps=40,
    validate_every=20,
)
# Ours, for two CPU cores and the synthetic data; `keras-i3d experiments` says what it comes to.
# Mirroring would turn one motion into another; batch norm's own momentum, 0.999, would not forget
# its start in so few steps; SGD, and filters with a mean, do not leave chance in as many.
SYNTHETIC_SMALL = Recipe(
    centred=True,
    num_frames=16,
    resize=36,
    crop=32,
    flip=0.0,
    steps=500,
    batch_size=16,
    optimizer="adam",
    learning_rate=5e-4,
    schedule="cosine",
    warm_up=20,
    dropout=0.0,
    clip_norm=5.0,
    batch_norm_momentum=0.9,
    validate_every=100,
)
# Stroud et al., "D3D", 2018: S3D-G on RGB learns from a trained S3D-G on flow (--teacher).
# Kinetics-400, validation set: 75.9 % top-1, 76.5 % with S3D-G's scores added; Kinetics-600 77.9 %.
# No training code is published: that the scores are matched, with weight 1, is from memory of the
# paper (a published reading has the averaged Mixed_5c: --distil=Mixed_5c); batch, steps and rates
# are S3D-G's.
D3D = replace(S3D_G, distil=("Logits",))
# The paper's own questions: flow learns from RGB (--teacher is of RGB); no action loss.
D3D_REVERSE = replace(D3D, stream="flow")
D3D_MOTION_ONLY = replace(D3D, action_weight=0.0)
# The paper's alternative that helped less: the flow is decoded beside the action loss, L2 in the
# paper, here the end-point error. Where, and with what weight, is not published: ours.
D3D_FLOW_LOSS = replace(S3D_G, flow_loss=("Mixed_4f=pwc",))
# The paper's other alternative, in two runs: the flow network inside learns first, then all is
# tuned from its weights (--weights=FIRST/final.keras --transfer=full). All numbers are ours.
LEARNT_FLOW_FIRST = replace(
    S3D_G,
    model="learnt_flow_i3d",
    weights=None,
    flow_loss=("flow=itself",),
    action_weight=0.0,
    optimizer="adam",
    learning_rate=1e-4,
    batch_size=64,
    steps=20_000,
    boundaries=(15_000,),
    factors=(1.0, 0.1),
)
LEARNT_FLOW = replace(S3D_G, model="learnt_flow_i3d", weights=None, learning_rate=0.01)
# Crasto et al., "MARS", 2019, and its training code: the averaged features behind the last block
# with weight 50, beside the action loss; SGD with momentum 0.9, rate 0.1, a tenth at plateaus of 10
# validations, weight decay 1e-3, batches of 16, clips of 16 frames of 112 x 112. Kinetics-400, 64
# frames: 72.7 % top-1, 74.8 % with RGB's scores added. The network there is ResNeXt-101; here it is
# the inflated ResNet-50, and steps and the shorter side of 128 are ours.
MARS = Recipe(
    model="i3d_resnet50",
    distil=("conv5_block3_out",),
    distil_weight=50.0,
    num_frames=16,
    stride=1,
    resize=128,
    crop=112,
    batch_size=16,
    steps=400_000,
    schedule="plateau",
    patience=10,
    weight_decay=1e-3,
    validate_every=5_000,
)
# The same code's MERS: no action loss at first; then the classifier alone learns from the labels
# alone, by MARS without distil, transfer=fixed and weights= of that run.
MERS = replace(MARS, action_weight=0.0)
RECIPES = {
    "kinetics_rgb": KINETICS_RGB,
    "kinetics_flow": KINETICS_FLOW,
    "convnet_lstm": CONVNET_LSTM,
    "convnet_3d": CONVNET_3D,
    "two_stream": TWO_STREAM,
    "fused_3d": FUSED_3D,
    "s3d": S3D,
    "s3d_g": S3D_G,
    "non_local": NON_LOCAL,
    "ucf101_fine_tune": UCF101_FINE_TUNE,
    "hmdb51_fine_tune": HMDB51_FINE_TUNE,
    "few_clips": FEW_CLIPS,
    "d3d": D3D,
    "d3d_reverse": D3D_REVERSE,
    "d3d_motion_only": D3D_MOTION_ONLY,
    "d3d_flow_loss": D3D_FLOW_LOSS,
    "learnt_flow_first": LEARNT_FLOW_FIRST,
    "learnt_flow": LEARNT_FLOW,
    "mars": MARS,
    "mers": MERS,
    "synthetic_small": SYNTHETIC_SMALL,
}


def build_schedule(recipe: Recipe) -> Schedule:
    """Return the recipe's learning rates."""
    r = recipe
    if r.schedule == "cosine":
        return CosineSchedule(r.learning_rate, r.steps, r.warm_up)
    if r.schedule == "plateau":
        return PlateauSchedule(r.learning_rate, r.patience, r.warm_up)
    return StepSchedule(r.learning_rate, r.boundaries, r.factors, r.warm_up)


def to_json(recipe: Recipe) -> str:
    """Return the recipe as JSON, a field a line."""
    return json.dumps(dataclasses.asdict(recipe), indent=2) + "\n"


def differences(recipe: Recipe, text: str) -> list[str]:
    """Return what a recipe kept by `to_json` says otherwise: 'steps: was 300, now 200'.

    A field that it lacks is newer than it is, and was what it is now by default.

    Raises:
        ValueError: when the text is not a JSON object.
    """
    kept, now = json.loads(text), json.loads(to_json(recipe))
    if not isinstance(kept, dict):
        raise ValueError("it is not a JSON object")
    kept = {**json.loads(to_json(Recipe())), **kept}
    names = [*now, *(name for name in kept if name not in now)]
    return [
        f"{name}: was {kept[name]!r}, now {now.get(name, 'unknown')!r}"
        for name in names
        if kept[name] != now.get(name) or name not in now
    ]
