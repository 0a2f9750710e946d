"""A video's features, made in the way in which those of an index were made."""

from keras_i3d.features.extractor import FeatureExtractor
from keras_i3d.features.similarity import FeatureIndex
from keras_i3d.features.video_features import Features


def features_like(index: FeatureIndex, video: str, weights: str | None = None) -> Features:
    """Return a video's features by the network and the settings of an index.

    Args:
        index: the features to be compared with.
        video: its path.
        weights: where the network's weights lie; None for what the index says.

    Raises:
        VideoError: the video cannot be read.
        ValueError: the weights are not those that the index was made with.
    """
    made = index.metadata
    how = dict(made["features"])
    how["layers"] = tuple(how["layers"])
    # Features in int8 point where those in float32 do, and one video is no calibration.
    precision = made["engine"]["precision"].replace("int8", "float32")
    extractor = FeatureExtractor(
        made["network"]["name"],
        weights or made["network"]["weights"],
        made["network"]["stream"],
        engine=made["engine"]["engine"],
        precision=precision,
        frames_fps=made["frames_fps"],
        **how,
    )
    features = extractor.features(video)
    if made["network"]["weights_sha256"] != extractor.metadata["network"]["weights_sha256"]:
        raise ValueError(
            f"weights should be those of the features, {made['network']['weights']}. "
            f"Received: weights={weights!r}, whose values differ"
        )
    return features
