"""What the papers came to, to stand beside what a run comes to."""

from dataclasses import dataclass, field

from keras_i3d.evaluation.trials import STREAMS, Trial


@dataclass(frozen=True)
class Published:
    """Figures of others.

    figures: {name as in `scores.summary`: percent}.
    source: the paper and its table, and on what it was measured.
    """

    figures: dict[str, float] = field(default_factory=dict)
    source: str = ""


# "Quo Vadis, Action Recognition?", Carreira and Zisserman, arXiv:1705.07750v3: I3D.
TABLE_2 = "“Quo Vadis”, table 2: split 1"
TABLE_3 = "“Quo Vadis”, table 3: Kinetics-400's held-out test set"
TABLE_4 = "“Quo Vadis”, table 4: split 1"
TABLE_5 = "“Quo Vadis”, table 5: mean of the three splits"
# README of kylemin/S3D, which quotes Xie et al., arXiv:1712.04851.
S3D = "README of kylemin/S3D, after its paper: Kinetics-400's validation set"

# Of I3D: (data set, transfer, whether from ImageNet first): (rgb, flow, both), and where it stands.
# None: the paper does not say.
TOP_1 = {
    ("UCF-101", "original", True): ((84.5, 90.6, 93.4), TABLE_2),
    ("UCF-101", "original", False): ((None, None, 88.8), TABLE_4),
    ("UCF-101", "fixed", True): ((None, None, 97.7), TABLE_4),
    ("UCF-101", "fixed", False): ((None, None, 97.4), TABLE_4),
    ("UCF-101", "full", True): ((95.6, 96.7, 98.0), TABLE_5),
    ("UCF-101", "full", False): ((95.1, 96.5, 97.8), TABLE_5),
    ("HMDB-51", "original", True): ((49.8, 61.9, 66.4), TABLE_2),
    ("HMDB-51", "original", False): ((None, None, 62.2), TABLE_4),
    ("HMDB-51", "fixed", True): ((None, None, 79.7), TABLE_4),
    ("HMDB-51", "fixed", False): ((None, None, 78.6), TABLE_4),
    ("HMDB-51", "full", True): ((74.8, 77.1, 80.7), TABLE_5),
    ("HMDB-51", "full", False): ((74.3, 77.3, 80.9), TABLE_5),
    ("Kinetics-400", "original", True): ((71.1, 63.4, 74.2), TABLE_3),
    ("Kinetics-400", "original", False): ((68.4, 61.5, 71.6), TABLE_3),
}
TOP_5 = {
    ("Kinetics-400", "original", True): (89.3, 84.9, 91.3),
    ("Kinetics-400", "original", False): (88.0, 83.4, 90.0),
}


def published_for(trial: Trial | None) -> Published | None:
    """The papers' figures for the same network, stream, start and data set; None without any."""
    if trial is None or trial.stream not in STREAMS or trial.split == "train":
        return None
    start = trial.start or ""
    if trial.model == "s3d" and trial.stream == "rgb" and start == "imagenet":
        if trial.data == "Kinetics-400":
            return Published({"top_1": 72.2, "top_5": 90.6}, S3D)
        return None
    if trial.model != "i3d" or start not in ("", "imagenet", "kinetics", "imagenet+kinetics"):
        return None
    key = trial.data, trial.transfer, start.startswith("imagenet")
    if key not in TOP_1:
        return None
    place = STREAMS.index(trial.stream)
    values, source = TOP_1[key]
    if values[place] is None:
        return None
    found = {"top_1": values[place]}
    if key in TOP_5:
        found["top_5"] = TOP_5[key][place]
    return Published(found, source)
