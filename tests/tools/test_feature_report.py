"""What extract_features shows of its progress, with a bar that writes down what it is told."""

from keras_i3d.features.jobs import Job
from keras_i3d.features.many_videos import Finished
from keras_i3d.features.outcomes import DONE, failed, outcome
from keras_i3d.tools import feature_report


class Bar:
    """Stands in for tqdm's."""

    def __init__(self, **options):
        self.options, self.told = options, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def set_postfix_str(self, text, refresh):
        self.told.append(text.split()[1])

    def update(self, count=1):
        self.told.append(count)

    def write(self, text, file):
        self.told.append(text)


def test_a_long_video_shows_its_pace(monkeypatch, capsys):
    """After each window, long before the video is done; and the end counts what was seen."""
    bars = []
    monkeypatch.setattr(feature_report, "bar", lambda **how: bars.append(Bar(**how)) or bars[0])
    long, gone = Job("long.mp4", "long"), Job("gone.mp4", "gone")

    def work(seen):
        seen(16)
        seen(16)
        yield Finished(long, outcome(long, DONE), fresh=True, frames=20)
        yield Finished(gone, failed(gone, "no such file"), fresh=False)

    assert feature_report.reported(work, 2, 1, "out") == 1
    assert bars[0].told == [
        "frames/s", 0, "frames/s", 0, 1, "extract_features: gone.mp4: no such file", 1
    ]  # fmt: skip
    assert bars[0].options["miniters"] == 0  # or tqdm would not look again within a video
    printed = capsys.readouterr().out
    assert "2 videos: 0 had their features, 1 made (20 frames, 0 s), 1 failed" in printed
    assert "1 listed lines were skipped; out" in printed
