"""The records of the networks that "Quo Vadis" compares I3D with: figure 2 and table 1."""

from dataclasses import replace

from keras_i3d.data.pixels.preprocessing import CHANNELS, DEEPMIND_INPUTS, Input, Preprocessing
from keras_i3d.models import c3d, convnet_3d, convnet_lstm, fused_3d
from keras_i3d.models.convnet_2d import STACKS, build_convnet_2d
from keras_i3d.models.i3d import HEAD, PREFIXES
from keras_i3d.models.network import Network
from keras_i3d.models.two_stream import build_two_stream

PAPER = "Carreira and Zisserman, “Quo Vadis, Action Recognition?”, 2017"
# Of the sizes of C3D: 128 x 171 of a video of 4 : 3, of which 112 x 112 are cut.
SMALL = {"short_side": 128, "crop": 112}


def _seen(stream: str, frames: int, sizes=None, **fields) -> Input:
    """What I3D sees of a stream, in other frames; a shorter video is looped to as many."""
    one = DEEPMIND_INPUTS[stream]
    spec = replace(one.preprocessing, least_frames=frames, **(sizes or {}))
    return replace(one, frames=frames, preprocessing=spec, **fields)


# 25 frames of 5 seconds; 50 of 10 at test, where the last step's scores count.
CONVNET_LSTM = Network(
    name="convnet_lstm",
    build=convnet_lstm.build_convnet_lstm,
    inputs={stream: _seen(stream, convnet_lstm.STEPS, every=5) for stream in CHANNELS},
    head=(convnet_lstm.HEAD,),
    features="Mixed_5c",
    # With 5,120 scales and shifts of the LSTM's batch norm.
    parameters={"rgb": 8_950_720, "flow": 8_947_584},
    paper=f"{PAPER}, figure 2 a",
    image_weights=True,
    any_width=True,
    losses=(convnet_lstm.HEAD,),
)
# 0.64 seconds; 240 frames at test.
CONVNET_3D = Network(
    name="convnet_3d",
    build=convnet_3d.build_convnet_3d,
    inputs={stream: _seen(stream, 16, SMALL) for stream in CHANNELS},
    head=(convnet_3d.HEAD,),
    features="pool5",
    parameters={"rgb": 79_634_576, "flow": 79_632_848},
    paper=f"{PAPER}, figure 2 b",
    any_size=False,
    any_width=True,
    in_clips=True,
)
# mmaction2, configs/recognition/c3d: red first, less what Caffe takes from blue, green and red.
C3D_RGB = Preprocessing(scale=1.0, offset=(-104.0, -117.0, -128.0), least_frames=16, **SMALL)
C3D = Network(
    name="c3d",
    build=c3d.build_c3d,
    inputs={
        "rgb": Input(frames=16, preprocessing=C3D_RGB),
        "flow": _seen("flow", 16, SMALL),
    },
    head=(c3d.HEAD,),
    features="pool5",
    parameters={"rgb": 79_634_576, "flow": 79_632_848},
    paper="Tran et al., “Learning Spatiotemporal Features with 3D Convolutional Networks”, 2015; "
    "mmaction2, models/backbones/c3d.py",
    least_clip=c3d.LEAST,
    any_size=False,
    any_width=True,
    in_clips=True,
)
# The image is the one in the middle of its stack of flow: Feichtenhofer et al., "Convolutional
# Two-Stream Network Fusion", 2016, figure 5, which 3D-Fused is an approximation of.
MIDDLE = STACKS["flow"] // 2
# One image and ten frames of flow: 0.4 seconds. At test 25 and 250 in 10 seconds.
SNIPPET = {
    "rgb": _seen("rgb", 1, every=STACKS["flow"], offset=MIDDLE),
    "flow": _seen("flow", STACKS["flow"], stack=STACKS["flow"]),
}
CONVNET_2D = Network(
    name="convnet_2d",
    build=build_convnet_2d,
    inputs=SNIPPET,
    head=(HEAD,),
    features="Mixed_5c",
    parameters={"rgb": 6_002_624, "flow": 6_055_936},
    paper=f"{PAPER}, one stream of figure 2 c",
    image_weights=True,
    any_width=True,
    both="two_stream",
)
TWO_STREAM = Network(
    name="two_stream",
    build=build_two_stream,
    inputs=SNIPPET,
    joint=True,
    head=tuple(prefix + HEAD for prefix in PREFIXES.values()),
    features="Mixed_5c",
    prefixes=PREFIXES,
    parameters={"both": 12_058_560},
    paper=f"{PAPER}, figure 2 c",
    image_weights=True,
    any_width=True,
    losses=tuple(f"{prefix}Logits" for prefix in PREFIXES.values()),
)
# Five images and their flow: 2 seconds. At test 25 and 250 in 10 seconds.
FUSED_3D = Network(
    name="fused_3d",
    build=fused_3d.build_fused_3d,
    inputs={
        "rgb": _seen("rgb", fused_3d.LEAST_STEPS, every=fused_3d.STACK, offset=MIDDLE),
        "flow": _seen("flow", fused_3d.LEAST_STEPS * fused_3d.STACK, stack=fused_3d.STACK),
    },
    joint=True,
    head=(HEAD,),
    features="Mixed_5c",
    prefixes=PREFIXES,
    parameters={"both": 39_755_824},
    paper=f"{PAPER}, figure 2 d",
    least_clip=(fused_3d.LEAST_STEPS, 1, 1),
    image_weights=True,
    any_size=False,
    any_width=True,
    in_clips=True,
)
QUO_VADIS = (CONVNET_LSTM, CONVNET_3D, C3D, CONVNET_2D, TWO_STREAM, FUSED_3D)
