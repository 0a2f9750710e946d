"""Which of a frame's two times is believed: by tables."""

import pytest

from keras_i3d.data.video.presentation import Presentation


def timed(shown, decoded, undecided=True, most_waiting=32):
    """(times of the frames, Presentation after them); seconds times 25."""
    presentation = Presentation()
    frames = ((number, *times, 1) for number, times in enumerate(zip(shown, decoded, strict=True)))
    found = list(presentation.timed(frames, lambda: undecided, most_waiting))
    assert [frame for frame, _, _ in found] == list(range(len(shown)))
    return [time for _, time, _ in found], presentation


@pytest.mark.parametrize(
    ("shown", "decoded", "wanted", "broken"),
    [
        ([1, 2, 3, 4], [2, 3, 4, None], [1, 2, 3, 4], False),  # as they should be
        ([1, 2, 5, 3, 4], [3, 4, 5, 6, None], [1, 2, 3, 4, 5], True),  # guessed
        ([1, 3, 5, 4, 9], [3, 4, 7, 8, None], [1, 2, 5, 6, 7], True),  # the last as the one before
        ([8, 9, 0, 1], [8, 9, 0, 1], [8, 9, 0, 1], False),  # a new clock: both step back
        ([8, 9, 10, 0, 1], [9, 10, 0, 1, 2], [8, 9, 10, 0, 1], False),  # one frame apart
        ([0, 2, 3, 1, 5, 6, 4, 7], [0, 2, 3, 1, 5, 6, 4, 7], list(range(8)), True),  # no better
        ([0, 2, 1, 4, 3, 9, 6, None], [0, 2, 1, 4, 3, 9, 6, 7], [0, 1, 2, 3, 4, 6, 6, 9], True),
        ([1, 3, 2], [None] * 3, [1, 3, 2], False),  # nothing else to believe
        ([None] * 3, [None] * 3, [None] * 3, False),
        ([None, 1, 2], [0, 1, 2], [None, 1, 2], False),
        ([], [], [], False),
    ],
)
def test_times_of_frames(shown, decoded, wanted, broken):
    found, presentation = timed(shown, decoded)
    assert (found, presentation.broken) == (wanted, broken)
    assert presentation.untimed == shown.count(None)


def test_frames_wait_no_longer_than_they_must():
    taken = []

    def frames():
        for number in range(9):
            taken.append(number)
            yield number, number, number + 1, 1

    for undecided, most, wanted in ((False, 32, 1), (True, 4, 4), (True, 0, 1), (True, 32, 9)):
        taken.clear()
        next(Presentation().timed(frames(), lambda value=undecided: value, most))
        assert len(taken) == wanted


def test_a_fault_that_is_found_late_moves_no_frame_back():
    """Four frames are out already, the last one three ticks late: the next wait for their turn."""
    shown, decoded = [1, 2, 3, 7, 4, 5, 6, 8], [4, 5, 6, 7, 8, 9, 10, 11]
    found, _ = timed([s / 25 for s in shown], [d / 25 for d in decoded], most_waiting=2)
    assert [round(25 * time) for time in found] == [1, 2, 3, 7, 7, 7, 7, 8]
