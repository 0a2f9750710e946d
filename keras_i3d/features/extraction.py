"""Features of one video in one call."""

from collections.abc import Iterator

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.features.extractor import FeatureExtractor, check_alone
from keras_i3d.features.settings import Settings
from keras_i3d.features.video_features import Features, FeatureWindow
from keras_i3d.shown_options import options_of


@options_of(Settings)
def extract_features(
    video,
    *,
    network: str | LoadedNetwork | FeatureExtractor = "i3d",
    weights: str | None = None,
    stream: str | None = None,
    **settings,
) -> Features:
    """Return the features of one video: a vector of 1024 numbers for each window, with its times.

        features = keras_i3d.extract_features("clip.mp4", stride=16)
        features.arrays["rgb"]["Mixed_5c"]        # float32 (windows, 1024)
        features.start, features.centre, features.end    # seconds

    Args:
        video: a path, uint8 frames (time, height, width, 3), or an iterable of such frames.
        network, weights, stream: as for `FeatureExtractor`. For several videos make one, and give
            it as `network` alone.
        settings: the fields of `Settings`, by name: window, stride, fps, layers and so on.

    Raises:
        VideoError: the video gives no frames.
        ValueError: as for `FeatureExtractor`.
    """
    return _extractor(network, weights, stream, settings).features(video)


@options_of(Settings)
def feature_windows(
    video,
    *,
    network: str | LoadedNetwork | FeatureExtractor = "i3d",
    weights: str | None = None,
    stream: str | None = None,
    **settings,
) -> Iterator[FeatureWindow]:
    """Give the features of a video of any length window by window, in bounded memory.

    Arguments and errors as of `extract_features`.
    """
    return _extractor(network, weights, stream, settings).windows(video)


def _extractor(
    network, weights: str | None, stream: str | None, settings: dict
) -> FeatureExtractor:
    if not isinstance(network, FeatureExtractor):
        return FeatureExtractor(network, weights, stream, **settings)
    check_alone(network.network, weights, stream)
    if settings:
        raise ValueError(
            f"settings should be those that the FeatureExtractor was made with. Received: "
            f"{', '.join(settings)}"
        )
    return network
