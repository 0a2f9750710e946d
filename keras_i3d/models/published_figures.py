"""The accuracies that papers give for the networks of the catalogue."""

from dataclasses import dataclass

Percent = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class PublishedFigures:
    """One row of a paper's table.

    data: the data set's name.
    transfer: "original", "fixed" or "full", as of a recipe.
    start: "imagenet", "kinetics", "imagenet+kinetics", or None for random weights.
    source: the table, and on what it was measured.
    top_1, top_5: percent by stream, (rgb, flow, both); None if the paper does not say.
    """

    data: str
    transfer: str
    start: str | None
    source: str
    top_1: Percent
    top_5: Percent = (None, None, None)


# "Quo Vadis, Action Recognition?", Carreira and Zisserman, arXiv:1705.07750v3.
TABLE_2 = "“Quo Vadis”, table 2: split 1"
TABLE_3 = "“Quo Vadis”, table 3: Kinetics-400's held-out test set"
TABLE_4 = "“Quo Vadis”, table 4: split 1"
TABLE_5 = "“Quo Vadis”, table 5: mean of the three splits"
# README of kylemin/S3D, which quotes Xie et al., arXiv:1712.04851.
KYLEMIN = "README of kylemin/S3D, after its paper: Kinetics-400's validation set"

UCF, HMDB, KINETICS = "UCF-101", "HMDB-51", "Kinetics-400"
BOTH = "imagenet+kinetics"
Row = PublishedFigures


def _rgb(percent: float) -> Percent:
    return percent, None, None


def _both(percent: float) -> Percent:
    return None, None, percent


# fmt: off
I3D = (
    Row(UCF, "original", "imagenet", TABLE_2, (84.5, 90.6, 93.4)),
    Row(UCF, "original", None, TABLE_4, _both(88.8)),
    Row(UCF, "fixed", BOTH, TABLE_4, _both(97.7)),
    Row(UCF, "fixed", "kinetics", TABLE_4, _both(97.4)),
    Row(UCF, "full", BOTH, TABLE_5, (95.6, 96.7, 98.0)),
    Row(UCF, "full", "kinetics", TABLE_5, (95.1, 96.5, 97.8)),
    Row(HMDB, "original", "imagenet", TABLE_2, (49.8, 61.9, 66.4)),
    Row(HMDB, "original", None, TABLE_4, _both(62.2)),
    Row(HMDB, "fixed", BOTH, TABLE_4, _both(79.7)),
    Row(HMDB, "fixed", "kinetics", TABLE_4, _both(78.6)),
    Row(HMDB, "full", BOTH, TABLE_5, (74.8, 77.1, 80.7)),
    Row(HMDB, "full", "kinetics", TABLE_5, (74.3, 77.3, 80.9)),
    Row(HMDB, "full", "kinetics", TABLE_4, _both(81.3)),
    Row(KINETICS, "original", "imagenet", TABLE_3, (71.1, 63.4, 74.2), (89.3, 84.9, 91.3)),
    Row(KINETICS, "original", None, TABLE_3, (68.4, 61.5, 71.6), (88.0, 83.4, 90.0)),
)
CONVNET_LSTM = (
    Row(UCF, "original", "imagenet", TABLE_2, _rgb(81.0)),
    Row(UCF, "original", None, TABLE_4, _rgb(54.2)),
    Row(UCF, "fixed", BOTH, TABLE_4, _rgb(88.1)),
    Row(UCF, "fixed", "kinetics", TABLE_4, _rgb(82.6)),
    Row(UCF, "full", BOTH, TABLE_4, _rgb(91.0)),
    Row(UCF, "full", "kinetics", TABLE_4, _rgb(86.8)),
    Row(HMDB, "original", "imagenet", TABLE_2, _rgb(36.0)),
    Row(HMDB, "original", None, TABLE_4, _rgb(18.3)),
    Row(HMDB, "fixed", BOTH, TABLE_4, _rgb(50.8)),
    Row(HMDB, "fixed", "kinetics", TABLE_4, _rgb(47.1)),
    Row(HMDB, "full", BOTH, TABLE_4, _rgb(53.4)),
    Row(HMDB, "full", "kinetics", TABLE_4, _rgb(49.7)),
    # Table 2 has 63.6.
    Row(KINETICS, "original", "imagenet", TABLE_3, _rgb(63.3)),
    Row(KINETICS, "original", None, TABLE_3, _rgb(53.9)),
)
CONVNET_3D = (
    Row(UCF, "original", None, TABLE_2, _rgb(51.6)),
    Row(UCF, "fixed", "kinetics", TABLE_4, _rgb(76.0)),
    Row(UCF, "full", "kinetics", TABLE_4, _rgb(79.9)),
    Row(HMDB, "original", None, TABLE_2, _rgb(24.3)),
    Row(HMDB, "fixed", "kinetics", TABLE_4, _rgb(47.0)),
    Row(HMDB, "full", "kinetics", TABLE_4, _rgb(49.4)),
    Row(KINETICS, "original", None, TABLE_3, _rgb(56.1)),
)
TWO_STREAM = (
    Row(UCF, "original", "imagenet", TABLE_2, (83.6, 85.6, 91.2)),
    Row(UCF, "original", None, TABLE_4, _both(83.6)),
    Row(UCF, "fixed", BOTH, TABLE_4, _both(93.9)),
    Row(UCF, "fixed", "kinetics", TABLE_4, _both(93.3)),
    Row(UCF, "full", BOTH, TABLE_4, _both(94.2)),
    Row(UCF, "full", "kinetics", TABLE_4, _both(93.8)),
    Row(HMDB, "original", "imagenet", TABLE_2, (43.2, 56.3, 58.3)),
    Row(HMDB, "original", None, TABLE_4, _both(47.1)),
    Row(HMDB, "fixed", BOTH, TABLE_4, _both(66.6)),
    Row(HMDB, "fixed", "kinetics", TABLE_4, _both(65.9)),
    Row(HMDB, "full", BOTH, TABLE_4, _both(66.6)),
    Row(HMDB, "full", "kinetics", TABLE_4, _both(64.3)),
    Row(KINETICS, "original", "imagenet", TABLE_3, (62.2, 52.4, 65.6)),
    Row(KINETICS, "original", None, TABLE_3, (57.9, 49.6, 62.8)),
)
FUSED_3D = (
    Row(UCF, "original", "imagenet", TABLE_2, (83.2, 85.8, 89.3)),
    Row(UCF, "original", None, TABLE_4, _both(69.5)),
    Row(UCF, "fixed", BOTH, TABLE_4, _both(94.3)),
    Row(UCF, "fixed", "kinetics", TABLE_4, _both(89.8)),
    Row(UCF, "full", BOTH, TABLE_4, _both(94.2)),
    Row(UCF, "full", "kinetics", TABLE_4, _both(91.5)),
    Row(HMDB, "original", "imagenet", TABLE_2, (49.2, 55.5, 56.8)),
    Row(HMDB, "original", None, TABLE_4, _both(37.3)),
    Row(HMDB, "fixed", BOTH, TABLE_4, _both(69.9)),
    Row(HMDB, "fixed", "kinetics", TABLE_4, _both(64.6)),
    Row(HMDB, "full", BOTH, TABLE_4, _both(71.0)),
    Row(HMDB, "full", "kinetics", TABLE_4, _both(66.5)),
    Row(KINETICS, "original", "imagenet", TABLE_3, _both(67.2)),
    Row(KINETICS, "original", None, TABLE_3, _both(62.7)),
)
S3D = (Row(KINETICS, "original", "imagenet", KYLEMIN, _rgb(72.2), _rgb(90.6)),)
# fmt: on

# By the network's name in the catalogue; Two-Stream's streams stand alone, or in one network.
PUBLISHED = {
    "i3d": I3D,
    "two_stream_i3d": I3D,
    "convnet_lstm": CONVNET_LSTM,
    "convnet_3d": CONVNET_3D,
    "convnet_2d": TWO_STREAM,
    "two_stream": TWO_STREAM,
    "fused_3d": FUSED_3D,
    "s3d": S3D,
}
