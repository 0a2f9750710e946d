"""FVD as an object that is fed batch after batch, for the training of a generator of videos."""

from keras_i3d.fvd.fvd_network import FVDNetwork
from keras_i3d.fvd.measuring import Given, given_side, measured, side_of
from keras_i3d.fvd.protocols import FVDProtocol
from keras_i3d.fvd.protocols import protocol as protocol_named
from keras_i3d.fvd.results import FVDResult
from keras_i3d.fvd.self_testing import self_test
from keras_i3d.fvd.sides import FVDError, Side, joined
from keras_i3d.shown_options import options_of


class FVD:
    """The Fréchet video distance of all videos seen so far; used as a Keras metric is.

        metric = keras_i3d.fvd.FVD("google", real="real_videos")
        for batch in generated:
            metric.update_state(fake=batch)
        print(metric.result(), metric.report().line)
        metric.reset_state()  # the real side stays

    Only the videos' features are held. The network is tested on itself when it is opened.

    Args:
        protocol: as for `keras_i3d.fvd.fvd`.
        real: a side that is read at once, as for `keras_i3d.fvd.fvd`.
        how: weights, engine, precision and allow_approximate, as for `FVDNetwork.opened`.

    Raises:
        FVDError, ValueError, OSError, EngineError: as `keras_i3d.fvd.fvd` does.
    """

    name = "fvd"

    @options_of(FVDNetwork.opened)
    def __init__(self, protocol: str | FVDProtocol = "google", *, real=None, **how):
        self.protocol = protocol_named(protocol)
        self._network = FVDNetwork.opened(self.protocol, **how)
        self._test = self_test(self._network)
        self._sides: dict[str, Side | None] = {"real": None, "fake": None}
        if real is not None:
            self._add("real", real, None, keep=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Give back what the network holds."""
        self._network.engine.close()

    def update_state(
        self, real=None, fake=None, *, value_range: tuple[float, float] | None = None
    ) -> None:
        """Add videos to one side or to both.

        Args:
            real, fake: a batch (videos, time, height, width, 3), uint8 or float, or anything else
                that `keras_i3d.fvd.fvd` takes.
            value_range: (black, white) of floats.

        Raises:
            FVDError: they are not what the protocol wants.
        """
        for name, given in (("real", real), ("fake", fake)):
            if given is not None:
                self._add(name, given, value_range, keep=False)

    def result(self) -> float:
        """Return FVD of all videos so far.

        Raises:
            FVDError: a side has no videos yet.
        """
        return self.report().value

    def report(self) -> FVDResult:
        """Return FVD of all videos so far with all that it rests on; errors as of `result`."""
        for name, side in self._sides.items():
            if side is None:
                raise FVDError(f"{name} has no videos yet: give some by update_state({name}=...)")
        return measured(self._sides["real"], self._sides["fake"], self.protocol, self._test)

    def reset_state(self, real: bool = False) -> None:
        """Forget the fake videos; the real ones too where `real` is True."""
        self._sides["fake"] = None
        if real:
            self._sides["real"] = None

    def _add(self, name: str, given, value_range, keep: bool) -> None:
        one: Given = given_side(name, given, self.protocol, value_range)
        side, before = side_of(name, one, self._network, keep), self._sides[name]
        self._sides[name] = side if before is None else joined([before, side])
