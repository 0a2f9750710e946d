"""From videos to a folder of their features in one call."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from keras_i3d.features.extractor import FeatureExtractor
from keras_i3d.features.jobs import Job
from keras_i3d.features.layouts import LAYOUTS, layout_named, write_layout
from keras_i3d.features.many_videos import Finished, Writer, extract_many
from keras_i3d.features.output_folder import OutputFolder
from keras_i3d.features.writers import check_format, write_features
from keras_i3d.shown_options import options_of


@dataclass(frozen=True)
class Order:
    """Which features are wanted, in which files; it travels to other machines.

    network, weights, stream, how: as for FeatureExtractor.
    form: of the files: one of writers.FORMATS or of layouts.LAYOUTS.
    """

    network: str = "i3d"
    weights: str = "kinetics"
    stream: str = "rgb"
    how: Mapping[str, Any] = field(default_factory=dict)
    form: str = "npz"

    def __getstate__(self):  # the network itself is loaded anew elsewhere
        return {k: v for k, v in vars(self).items() if k != "extractor"}

    @cached_property
    def extractor(self) -> FeatureExtractor:
        """The network, loaded when it is first needed."""
        return FeatureExtractor(self.network, self.weights, self.stream, **self.how)

    @property
    def writer(self) -> Writer:
        """What writes a video's features."""
        if self.form in LAYOUTS:
            return partial(write_layout, layout=layout_named(self.form))
        return partial(write_features, form=self.form)

    def check(self) -> None:
        """Load all that is needed.

        Raises:
            ValueError, OSError, ImportError: as FeatureExtractor and writers.check_format do.
        """
        if self.form not in LAYOUTS:
            check_format(self.form)
        elif len(self.how.get("layers", ())) > 1:
            raise ValueError(
                f"layers should be one at most for the layout {self.form}. "
                f"Received: {', '.join(self.how['layers'])}"
            )
        self.made()

    def made(self) -> dict[str, Any]:
        """Return how all features of a folder and their files are made; goes into JSON."""
        made = self.extractor.metadata
        # What int8 was found to be differs from machine to machine, in the last digits.
        engine = {name: value for name, value in made["engine"].items() if name != "check"}
        return {**made, "engine": engine, "files": self.form}


@options_of(extract_many, without=("extractor", "out", "write"))
def extract_to_folder(
    order: Order,
    jobs: Sequence[Job],
    folder: str | os.PathLike,
    skipped: Mapping[str, str],
    *,
    verify: bool = False,
    manifest: bool = True,
    **limits,
) -> Iterator[Finished]:
    """Make the features of every video that has none yet in a folder, and give each one's outcome.

    Args:
        order: what is wanted.
        jobs: of which videos.
        folder: made if need be; see output_folder.
        skipped: {line of a list: why it gives no video}, for the manifest.
        verify: whether to read every file that is there, and make anew what is damaged.
        manifest: whether to write it at the end, and to tidy the folder up at the start; of many
            calls for one folder, one should.
        limits: processes, seconds, megabytes and seen, as for extract_many.

    Raises:
        OtherFeaturesError: the folder has features that were made in another way.
        OSError: the folder cannot be written.
    """
    with OutputFolder(folder, order.made(), verify, tidy=manifest) as out:
        try:
            yield from extract_many(order.extractor, jobs, out, order.writer, **limits)
        finally:
            if manifest:
                out.write_manifest(jobs, skipped)
