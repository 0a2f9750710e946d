"""The records of the networks that "Quo Vadis" compares I3D with: figure 2 and table 1."""

from dataclasses import replace

from keras_i3d.data.pixels.preprocessing import DEEPMIND_INPUTS, Input
from keras_i3d.models.fused_3d import LEAST_STEPS, STACK, build_fused_3d
from keras_i3d.models.i3d import HEAD, PREFIXES
from keras_i3d.models.network import Network

PAPER = "Carreira and Zisserman, “Quo Vadis, Action Recognition?”, 2017"


def _seen(stream: str, frames: int, **fields) -> Input:
    """What I3D sees of a stream, in other frames; a shorter video is looped to as many."""
    one = DEEPMIND_INPUTS[stream]
    spec = replace(one.preprocessing, least_frames=frames)
    return replace(one, frames=frames, preprocessing=spec, **fields)


# The image is the one in the middle of its stack of flow: Feichtenhofer et al., "Convolutional
# Two-Stream Network Fusion", 2016, figure 5, which 3D-Fused is an approximation of.
MIDDLE = STACK // 2
FUSED_3D = Network(
    name="fused_3d",
    build=build_fused_3d,
    inputs={
        "rgb": _seen("rgb", LEAST_STEPS, every=STACK, offset=MIDDLE),
        "flow": _seen("flow", LEAST_STEPS * STACK, stack=STACK),
    },
    joint=True,
    head=(HEAD,),
    features="Mixed_5c",
    prefixes=PREFIXES,
    parameters={"both": 39_755_824},
    paper=f"{PAPER}, figure 2 d",
    least_clip=(LEAST_STEPS, 1, 1),
    image_weights=True,
    any_size=False,
    any_width=True,
    in_clips=True,
)
