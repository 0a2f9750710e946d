"""The published weights of the 3D ResNets: SlowFast's, pytorchvideo's and mmaction2's.

No publisher says how large its files are. OpenMMLab's names carry the beginning of the SHA-256;
of the others no hash is published, so nothing vouches for the bytes but the address. They are read
as arrays alone, and must have the network's names and shapes.
"""

from keras_i3d.data.pixels.preprocessing import MMACTION2_RGB, SLOWFAST_RGB
from keras_i3d.weights.record_types import PublishedFile, Weights

FACEBOOK = "https://dl.fbaipublicfiles.com"
OPENMMLAB = "https://download.openmmlab.com/mmaction/v1.0/recognition/i3d"
# Trainable values. The catalogue has them too, but with Keras, which tools do without.
PARAMETERS = {
    "i3d_r50": 28_043_472,
    "nl_i3d_r50": 35_401_936,
    "c2d_r50": 24_327_632,
    "c2d_nopool_r50": 24_327_632,
    "mm_i3d_r50": 28_043_472,
    "mm_i3d_r50_heavy": 33_024_208,
    "mm_nl_i3d_r50": 35_401_936,
    "mm_nl_dot_i3d_r50": 35_401_936,
    "mm_nl_gaussian_i3d_r50": 31_727_824,
}
# Moving means and variances of 53 batch norms, and of 5 non-local blocks.
PLAIN, NON_LOCAL = 53_120, 61_312


def _record(name: str, model: str, weights: str, file: PublishedFile, **fields) -> Weights:
    return Weights(
        name=name,
        model=model,
        weights=weights,
        stream="rgb",
        classes=400,
        files=(file,),
        parameters=PARAMETERS[model],
        statistics=NON_LOCAL if "nl_" in model else PLAIN,
        labels="kinetics_400",
        **fields,
    )


def _slowfast(name: str, model: str, top_1: float) -> Weights:
    file = PublishedFile(
        f"slowfast/{name}.pkl", url=f"{FACEBOOK}/pyslowfast/model_zoo/kinetics400/{name}.pkl"
    )
    about = {"source": "facebookresearch/SlowFast", "licence": "Apache-2.0"}
    return _record(name, model, "kinetics", file, preprocessing=SLOWFAST_RGB, top_1=top_1, **about)


def _pytorchvideo(name: str, model: str, weights: str, top_1: float) -> Weights:
    file = PublishedFile(
        f"pytorchvideo/{name}.pyth",
        url=f"{FACEBOOK}/pytorchvideo/model_zoo/kinetics/{name}.pyth",
    )
    about = {"source": "facebookresearch/pytorchvideo", "licence": "Apache-2.0"}
    return _record(
        f"{name}.pyth", model, weights, file, preprocessing=SLOWFAST_RGB, top_1=top_1, **about
    )


def _mmaction2(kind: str, model: str, weights: str, sha256: str, top_1: float) -> Weights:
    name = f"i3d_imagenet-pretrained-r50{kind}-100e_kinetics400-rgb"
    path = f"{name}/{name}_20220812-{sha256}.pth"
    file = PublishedFile(f"mmaction2/{path}", url=f"{OPENMMLAB}/{path}", sha256=sha256)
    about = {"source": "open-mmlab/mmaction2", "licence": "Apache-2.0"}
    return _record(name, model, weights, file, preprocessing=MMACTION2_RGB, top_1=top_1, **about)


# Figures: Kinetics-400's validation set, 10 clips of 3 crops: SlowFast's MODEL_ZOO.md,
# pytorchvideo's model zoo, mmaction2's configs/recognition/i3d/README.md.
# fmt: off
RESNET_3D_RECORDS = (
    _slowfast("I3D_8x8_R50", "i3d_r50", 73.5),
    _pytorchvideo("I3D_8x8_R50", "i3d_r50", "kinetics_pytorchvideo", 73.27),
    _slowfast("I3D_NLN_8x8_R50", "nl_i3d_r50", 74.0),
    _pytorchvideo("C2D_8x8_R50", "c2d_r50", "kinetics", 71.46),
    _slowfast("C2D_NOPOOL_8x8_R50", "c2d_nopool_r50", 67.2),
    _mmaction2("_8xb8-32x2x1", "mm_i3d_r50", "kinetics", "e213c223", 73.47),
    _mmaction2("_8xb8-dense-32x2x1", "mm_i3d_r50", "kinetics_dense", "9f46003f", 73.77),
    _mmaction2("-heavy_8xb8-32x2x1", "mm_i3d_r50_heavy", "kinetics", "ed501b31", 76.21),
    _mmaction2("-nl-embedded-gaussian_8xb8-32x2x1", "mm_nl_i3d_r50", "kinetics", "afd8f562", 74.73),
    _mmaction2("-nl-dot-product_8xb8-32x2x1", "mm_nl_dot_i3d_r50", "kinetics", "8e1f2148", 74.80),
    _mmaction2("-nl-gaussian_8xb8-32x2x1", "mm_nl_gaussian_i3d_r50", "kinetics", "0c5cbf5a", 73.97),
)
# fmt: on
