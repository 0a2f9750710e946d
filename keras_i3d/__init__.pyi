"""The public names, each imported from its module when it is first asked for."""

from . import (
    data as data,
    engines as engines,
    evaluation as evaluation,
    export as export,
    fvd as fvd,
    training as training,
)
from .applications import (
    C2DResNet50 as C2DResNet50,
    C3D as C3D,
    ConvNet2D as ConvNet2D,
    ConvNet3D as ConvNet3D,
    ConvNetLSTM as ConvNetLSTM,
    Fused3D as Fused3D,
    D3D as D3D,
    I3D as I3D,
    I3DVGG16 as I3DVGG16,
    I3DInceptionV3 as I3DInceptionV3,
    I3DResNet50 as I3DResNet50,
    I3DResNet101 as I3DResNet101,
    InceptionV1 as InceptionV1,
    NonLocalC2DResNet50 as NonLocalC2DResNet50,
    NonLocalI3DResNet50 as NonLocalI3DResNet50,
    NonLocalI3DResNet101 as NonLocalI3DResNet101,
    S3D as S3D,
    S3DG as S3DG,
    TwoStream as TwoStream,
    TwoStreamI3D as TwoStreamI3D,
    list_models as list_models,
    list_weights as list_weights,
    load as load,
)
from .data.pixels.preprocessing import preprocess_input as preprocess_input
from .data.video.frames import read_clip as read_clip
from .features.extraction import (
    extract_features as extract_features,
    feature_windows as feature_windows,
)
from .features.extractor import FeatureExtractor as FeatureExtractor
from .inflation import (
    boring_video_check as boring_video_check,
    inflate as inflate,
    inflation_rule as inflation_rule,
    receptive_field as receptive_field,
)
from .layers import (
    NonLocalBlock3D as NonLocalBlock3D,
)
from .models.non_local_insertion import (
    insert_non_local as insert_non_local,
)
from .prediction import (
    predict_video as predict_video,
    predict_videos as predict_videos,
)
from .weights.labels import decode_predictions as decode_predictions
