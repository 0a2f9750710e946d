"""Every network of the package: one record each, which training, prediction and export ask."""

import os
from collections.abc import Mapping
from functools import partial

from keras_i3d.data.pixels.preprocessing import (
    CHANNELS,
    DEEPMIND_FLOW,
    DEEPMIND_INPUTS,
    Input,
    Preprocessing,
)
from keras_i3d.layers.head_pooling import least_clip
from keras_i3d.models import five_units, i3d, learnt_flow
from keras_i3d.models.convnet_2d import SINGLE, build_convnet_2d
from keras_i3d.models.inception_v1 import TOTAL_STRIDES, inception_v1_3d
from keras_i3d.models.inflated import build_inflated
from keras_i3d.models.network import Network
from keras_i3d.models.quo_vadis_networks import PAPER, QUO_VADIS
from keras_i3d.models.resnet_3d_networks import RESNETS_3D
from keras_i3d.models.s3d_networks import D3D, S3D, S3D_G


def _streams(preprocessing: Mapping[str, Preprocessing], **sizes) -> dict[str, Input]:
    return {
        stream: Input(channels=CHANNELS[stream], preprocessing=spec, **sizes)
        for stream, spec in preprocessing.items()
    }


# kinetics-i3d: clips of 64 frames at 25 a second, 224 x 224.
I3D = Network(
    name="i3d",
    build=i3d.build_i3d,
    inputs=DEEPMIND_INPUTS,
    head=(i3d.HEAD,),
    features="Mixed_5c",
    parameters={"rgb": 12_689_984, "flow": 12_668_032},
    paper=f"{PAPER}, figure 3",
    least_clip=least_clip(i3d.HEAD_POOL, TOTAL_STRIDES),
    image_weights=True,
    both="two_stream_i3d",
    any_width=True,
)
TWO_STREAM_I3D = Network(
    name="two_stream_i3d",
    build=i3d.build_two_stream_i3d,
    inputs=DEEPMIND_INPUTS,
    joint=True,
    head=tuple(prefix + i3d.HEAD for prefix in i3d.PREFIXES.values()),
    features="Mixed_5c",
    prefixes=i3d.PREFIXES,
    parameters={"both": 25_358_016},
    paper=f"{PAPER}, section 2",
    least_clip=I3D.least_clip,
    any_width=True,
)
INCEPTION_V1_FRAMES = Network(
    name="inception_v1_frames",
    build=partial(build_convnet_2d, stacks=SINGLE),
    inputs=DEEPMIND_INPUTS,
    head=(i3d.HEAD,),
    features="Mixed_5c",
    parameters={"rgb": 6_002_624, "flow": 5_999_488},
    paper="ours: I3D's trunk without time on every frame, to show what single frames tell",
    any_width=True,
)

FIVE_UNITS = Network(
    name="five_units",
    build=five_units.build_five_units,
    inputs=DEEPMIND_INPUTS,
    head=(five_units.HEAD,),
    features="Unit_5",
    parameters={"rgb": 183_000, "flow": 182_568},
    paper="ours: five 3 x 3 x 3 units, for synthetic videos",
)


def _learnt_flow(name: str, trunk, features: str, parameters: int) -> Network:
    return Network(
        name=name,
        build=partial(learnt_flow.build_learnt_flow, trunk),
        inputs={"rgb": DEEPMIND_INPUTS["rgb"]},
        head=learnt_flow.HEADS,
        features=i3d.PREFIXES["rgb"] + features,
        parameters={"rgb": parameters},
        paper="after Stroud et al., “D3D”, 2018: two streams with a flow network inside; ours",
        least_clip=learnt_flow.LEAST_CLIP,
    )


LEARNT_FLOW_I3D = _learnt_flow("learnt_flow_i3d", inception_v1_3d, "Mixed_5c", 25_551_482)
LEARNT_FLOW_FIVE_UNITS = _learnt_flow(
    "learnt_flow_five_units", five_units.five_units, "Unit_5", 559_034
)

# keras.applications' preprocess_input: of Inception-v3 [-1, 1], of the others Caffe's: blue first,
# less the mean of ImageNet.
CAFFE_RGB = Preprocessing(scale=1.0, offset=(-103.939, -116.779, -123.68), bgr=True)
CAFFE = {"rgb": CAFFE_RGB, "flow": DEEPMIND_FLOW}
# 299 pixels as Inception-v3 takes them; the shorter side in the proportion of 224 to 256.
LARGE = {"short_side": 342, "crop": 299}
INCEPTION_V3 = {stream: one.changed(**LARGE) for stream, one in DEEPMIND_INPUTS.items()}


def _inflated(name: str, inputs: Mapping[str, Input], **fields) -> Network:
    return Network(
        name=name,
        build=partial(build_inflated, name),
        inputs=inputs,
        head=("Logits",),
        image_weights=True,
        any_size=False,
        **fields,
    )


I3D_INCEPTION_V3 = _inflated(
    "i3d_inception_v3",
    INCEPTION_V3,
    features="mixed10",
    parameters={"rgb": 53_924_080, "flow": 53_923_216},
    paper="gluon-cv, i3d_inceptionv3: inflated as the paper inflates Inception-v1",
    least_clip=(1, 75, 75),
)
# mmaction2, configs/recognition/i3d: I3D-R50 32x2.
I3D_RESNET50 = _inflated(
    "i3d_resnet50",
    _streams(CAFFE, frames=32, every=2),
    features="conv5_block3_out",
    parameters={"rgb": 28_070_032, "flow": 28_054_352},
    paper="mmaction2, configs/recognition/i3d: I3D-R50",
    least_clip=(1, 32, 32),
)
I3D_RESNET101 = _inflated(
    "i3d_resnet101",
    _streams(CAFFE, frames=32, every=2),
    features="conv5_block3_out",
    parameters={"rgb": 51_806_864, "flow": 51_791_184},
    paper="as I3D-R50, with the depth of ResNet-101",
    least_clip=(1, 32, 32),
)
I3D_VGG16 = _inflated(
    "i3d_vgg16",
    _streams(CAFFE),
    features="block5_pool",
    parameters={"rgb": 44_340_816, "flow": 44_339_088},
    paper="ours: VGG16, inflated as the paper inflates Inception-v1",
    least_clip=(1, 32, 32),
)

NETWORKS: dict[str, Network] = {
    network.name: network
    for network in (
        I3D,
        TWO_STREAM_I3D,
        S3D,
        S3D_G,
        D3D,
        I3D_INCEPTION_V3,
        I3D_RESNET50,
        I3D_RESNET101,
        I3D_VGG16,
        INCEPTION_V1_FRAMES,
        FIVE_UNITS,
        LEARNT_FLOW_I3D,
        LEARNT_FLOW_FIVE_UNITS,
        *QUO_VADIS,
        *RESNETS_3D,
    )
}


def network(name: str) -> Network:
    """Return the record of a network; ValueError lists the names there are."""
    if name not in NETWORKS:
        remedy = "; give a training's folder or file as weights" if os.path.exists(name) else ""
        raise ValueError(
            f"model should be one of {', '.join(NETWORKS)}. Received: model={name!r}{remedy}"
        )
    return NETWORKS[name]
