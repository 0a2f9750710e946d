"""The records of the 3D ResNets, C2D and their non-local kin."""

from dataclasses import replace
from functools import partial

from keras_i3d.data.pixels.preprocessing import (
    CHANNELS,
    DEEPMIND_FLOW,
    MMACTION2_RGB,
    SLOWFAST_RGB,
    Input,
)
from keras_i3d.models.network import Network
from keras_i3d.models.resnet_3d import DESIGNS, HEAD, build_resnet_3d, least_clip

NON_LOCAL = "Wang et al., “Non-local Neural Networks”, 2018"

FOR_IMAGE_WEIGHTS = (
    "keras.applications' ResNets have their strides in other convolutions: to start from ImageNet "
    "take model i3d_resnet50 or i3d_resnet101 (keras_i3d.I3DResNet50('imagenet'))"
)


def _network(name: str, parameters: int, paper: str, frames: int = 8) -> Network:
    """The record of one of DESIGNS; `parameters` of RGB, which flow has one channel less of."""
    rgb = SLOWFAST_RGB if frames == 8 else MMACTION2_RGB
    # 8 of 64 frames, or 32: SlowFast's 8x8, mmaction2's 32x2.
    sizes = {"frames": frames, "every": 64 // frames}
    # No weights of flow are published: it is that of the frames which RGB sees.
    preprocessing = {"rgb": rgb, "flow": replace(DEEPMIND_FLOW, fps=rgb.fps)}
    channel = DESIGNS[name].stem * 7 * 7 * 64
    return Network(
        name=name,
        build=partial(build_resnet_3d, name),
        inputs={
            stream: Input(
                channels=CHANNELS[stream],
                preprocessing=replace(spec, least_frames=frames),
                **sizes,
            )
            for stream, spec in preprocessing.items()
        },
        head=(HEAD,),
        logits=HEAD,
        features="res5_2",
        parameters={"rgb": parameters, "flow": parameters - channel},
        paper=paper,
        least_clip=least_clip(name),
        any_width=True,
        for_image_weights=FOR_IMAGE_WEIGHTS,
    )


# fmt: off
RESNETS_3D = (
    _network("i3d_r50", 28_043_472, f"{NON_LOCAL}, table 1; SlowFast, I3D_8x8_R50"),
    _network("i3d_r101", 51_754_192, f"{NON_LOCAL}, table 2"),
    _network("nl_i3d_r50", 35_401_936, f"{NON_LOCAL}, 5 blocks; SlowFast, I3D_NLN_8x8_R50"),
    _network("nl10_i3d_r50", 42_760_400, f"{NON_LOCAL}, 10 blocks"),
    _network("nl_i3d_r101", 59_112_656, f"{NON_LOCAL}, 5 blocks"),
    _network("c2d_r50", 24_327_632, f"{NON_LOCAL}, table 1; SlowFast, C2D_8x8_R50"),
    _network("c2d_nopool_r50", 24_327_632, "SlowFast, C2D_NOPOOL_8x8_R50"),
    _network("nl_c2d_r50", 31_686_096, f"{NON_LOCAL}, 5 blocks; SlowFast, C2D_NLN_8x8_R50"),
    _network("mm_i3d_r50", 28_043_472, "mmaction2, I3D-R50 32x2", 32),
    _network("mm_i3d_r50_heavy", 33_024_208, "mmaction2, I3D-R50 (heavy) 32x2", 32),
    _network("mm_nl_i3d_r50", 35_401_936, "mmaction2, I3D-R50, embedded Gaussian", 32),
    _network("mm_nl_dot_i3d_r50", 35_401_936, "mmaction2, I3D-R50, dot product", 32),
    _network("mm_nl_gaussian_i3d_r50", 31_727_824, "mmaction2, I3D-R50, Gaussian", 32),
)
# fmt: on
