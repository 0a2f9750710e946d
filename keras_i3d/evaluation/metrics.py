"""Figures of merit of class scores. NumPy only; a video's scores are a row."""

import numpy as np


def top_k(scores: np.ndarray, labels: np.ndarray, k: int = 1) -> np.ndarray:
    """Return (videos,) bool: whether each video's class is among its `k` best.

    Args:
        scores: (videos, classes); among equal ones the class that comes first is taken as better,
            as numpy.argmax does.
        labels: (videos,) class numbers.
    """
    videos = np.arange(len(labels))
    own = scores[videos, labels][:, None]
    before = np.arange(scores.shape[1]) < labels[:, None]
    rank = (scores > own).sum(1) + ((scores == own) & before).sum(1)
    return rank < k


def confusion_matrix(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return (classes, classes) counts: a row a true class, a column a best-scored one."""
    classes = scores.shape[1]
    pairs = labels * classes + scores.argmax(1)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def class_accuracies(confusion: np.ndarray) -> np.ndarray:
    """Return (classes,): the recognised share of each class; NaN where it has no video."""
    counts = confusion.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.diag(confusion) / counts


def average_precisions(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return (classes,): the mean precision at each positive video; NaN for a class without one.

    Args:
        scores: (videos, classes). Equal scores are taken together: the order of the videos does
            not matter.
        labels: (videos, classes), 1 where a video shows the class.

    Source: the mAP of Charades, charades.org, Charades_v1_classify.m; without its ties by order.
    """
    found = np.full(scores.shape[1], np.nan)
    for number in np.flatnonzero(labels.any(0)):
        order = np.argsort(-scores[:, number], kind="stable")
        ranked, positive = scores[order, number], labels[order, number].astype(bool)
        # The last place of each run of equal scores stands for all of it.
        last = np.searchsorted(-ranked, -ranked, side="right") - 1
        precision = np.cumsum(positive)[last] / (last + 1)
        found[number] = precision[positive].mean()
    return found


def expected_calibration_error(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = 15
) -> float:
    """Return how far confidence is from accuracy, over equal bins of confidence, by their videos.

    probabilities (videos, classes), labels (videos,). 0 is perfect, 1 the worst.

    Source: Guo et al., On Calibration of Modern Neural Networks, equation 3.
    """
    confidence = probabilities.max(1)
    right = top_k(probabilities, labels)
    # A confidence of 0.2 is in the bin that ends at 0.2, as in the paper: (0.1, 0.2].
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = [abs(right[place == b].sum() - confidence[place == b].sum()) for b in np.unique(place)]
    return float(sum(gaps) / len(labels))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of logits (..., classes), in float64."""
    scores = np.exp(np.float64(logits) - np.max(logits, -1, keepdims=True))
    return scores / scores.sum(-1, keepdims=True)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return each logit's own probability, in float64; no overflow at either end."""
    return 0.5 * (1 + np.tanh(0.5 * np.float64(logits)))
