"""The records of S3D, S3D-G and D3D."""

from dataclasses import replace
from functools import partial

from keras_i3d.data.pixels.preprocessing import (
    CHANNELS,
    DEEPMIND_FLOW,
    DEEPMIND_INPUTS,
    TORCHVISION_RGB,
    Input,
    Preprocessing,
)
from keras_i3d.models.network import Network
from keras_i3d.models.s3d import GATED_LAYOUTS, HEAD, TORCHVISION, build_s3d

XIE = "Xie et al., “Rethinking Spatiotemporal Feature Learning”, 2018"
# torchvision's file saw 128 frames at 15 a second. Of flow it has none: that is DeepMind's, of the
# same frames.
OF_TORCHVISION = {
    stream: Input(frames=128, channels=CHANNELS[stream], preprocessing=spec)
    for stream, spec in {
        "rgb": TORCHVISION_RGB,
        "flow": replace(DEEPMIND_FLOW, fps=TORCHVISION_RGB.fps),
    }.items()
}
S3D = Network(
    name="s3d",
    build=build_s3d,
    inputs=OF_TORCHVISION,
    layouts={"kylemin": DEEPMIND_INPUTS, "slim": DEEPMIND_INPUTS},
    head=(HEAD,),
    features="Mixed_5c",
    parameters={"rgb": 8_320_048, "flow": 8_316_912},
    paper=f"{XIE}, section 3; torchvision, models/video/s3d.py",
    least_clip=TORCHVISION.least_clip,
    image_weights=True,
    any_width=True,
)
S3D_G = Network(
    name="s3d_g",
    build=partial(build_s3d, layout=GATED_LAYOUTS["slim"]),
    inputs=DEEPMIND_INPUTS,
    head=(HEAD,),
    features="Mixed_5c",
    parameters={"rgb": 9_518_848, "flow": 9_509_440},
    paper=f"{XIE}, section 4.4; slim, nets/s3dg.py",
    image_weights=True,
    any_width=True,
)
# S3D-G that has learnt from flow, and needs none: 64 frames of RGB in [-1, 1]. d3dhelper's notebook
# gives it [0, 1], which its author calls a mistake (princeton-vl/d3dhelper, issue 3).
D3D = replace(
    S3D_G,
    name="d3d",
    inputs={"rgb": DEEPMIND_INPUTS["rgb"]},
    layouts={"notebook": {"rgb": Input(preprocessing=Preprocessing(scale=255.0, offset=0.0))}},
    parameters={"rgb": S3D_G.parameters["rgb"]},
    paper="Stroud et al., “D3D: Distilled 3D Networks for Video Action Recognition”, 2018",
    image_weights=False,
)
