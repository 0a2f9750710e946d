"""What the check of int8 counts, by hand."""

import math

import numpy as np
import pytest

from keras_i3d.engines import EngineError
from keras_i3d.engines.quantisation import agreement, described, refuse_unlike, split


def outputs(logits, features=(1.0, 0.0)):
    return {"logits": np.array([logits]), "features": np.array([features])}


EXACT = outputs((3.0, 2.8, 2.7))


@pytest.mark.parametrize(
    ("low", "same", "ties", "given_out"),
    [
        (outputs((2.0, 1.0, 0.0)), 1, 0, True),
        (outputs((2.0, 2.1, 0.0)), 0, 1, True),  # float32 finds it exp(-0.2) as likely, 0.82
        (outputs((2.0, 2.1, 2.2)), 0, 0, False),  # exp(-0.3), 0.74
        (outputs((math.nan, 2.1, 2.2)), 0, 0, False),
    ],
)
def test_top_classes(low, same, ties, given_out):
    found = agreement([EXACT, EXACT], [EXACT, low])
    assert (found["clips"], found["same_top_class"], found["near_ties"]) == (2, 1 + same, ties)
    if given_out:
        refuse_unlike(found)
    else:
        with pytest.raises(EngineError, match="1 of 2 keep their top class, the features"):
            refuse_unlike(found)


def test_a_near_tie_is_told():
    found = agreement([EXACT], [outputs((2.0, 2.1, 0.0))])
    assert described(found).startswith(
        "0 of 1 keep their top class (1 more: a near tie in float32)"
    )


def test_cosines():
    low = outputs((3.0, 0.0, 0.0), (1.0, 0.2))
    found = agreement([EXACT, EXACT, EXACT], [EXACT, EXACT, low])
    assert found["least_cosine"] == pytest.approx(1 / math.hypot(1, 0.2), abs=1e-5)
    assert found["median_cosine"] == 1
    with pytest.raises(EngineError, match="cosine is 0.9806 at least"):
        refuse_unlike(found)


def test_every_third_checks():
    assert split(7) == ([0, 1, 3, 4, 6], [2, 5])
