"""Two streams with a flow network inside, with the weights of a training."""

from collections.abc import Callable

import keras

from keras_i3d.applications.heads import built_with, chosen_classes, read_arrays
from keras_i3d.models.catalogue import network
from keras_i3d.models.learnt_flow import HEADS
from keras_i3d.shown_options import options_of


def learnt_flow(name: str) -> Callable[..., keras.Model]:
    """Return the application of one of the catalogue's networks of this kind.

    Nobody has published weights for them: a training's .keras file is the start of another.
    """

    @options_of(network(name).build)
    def application(
        weights: str | None = None,
        *,
        stream: str = "rgb",
        include_top: bool = True,
        classes: int | None = None,
        new_head: bool = False,
        **options,
    ) -> keras.Model:
        """Return the network; arguments of `keras_i3d.I3D`, stream "rgb" alone."""
        of = network(name)

        def build(classes: int) -> keras.Model:
            return of.model(stream, include_top=include_top, classes=classes, **options)

        def plain(classes: int) -> keras.Model:
            return of.model(stream, include_top=classes > 0, classes=classes or 1)

        asked = {"classes": classes, "include_top": include_top, "new_head": new_head}
        if weights is None:
            return build(chosen_classes(None, None, **asked))
        arrays = read_arrays(name, weights, stream, plain, HEADS)
        return built_with(build, arrays, HEADS, weights=weights, **asked)

    application.__name__ = application.__qualname__ = name
    return application


APPLICATIONS = {name: learnt_flow(name) for name in ("learnt_flow_i3d", "learnt_flow_five_units")}
