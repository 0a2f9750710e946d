"""FVD in one call, of two sides or of several fake ones against one real."""

import os
from collections.abc import Callable, Mapping
from functools import partial

from keras_i3d.fvd.figures import figures_of
from keras_i3d.fvd.fvd_network import FVDNetwork
from keras_i3d.fvd.protocols import FVDProtocol
from keras_i3d.fvd.protocols import protocol as protocol_named
from keras_i3d.fvd.results import FVDResult, SideCount
from keras_i3d.fvd.self_testing import SelfTest, self_test
from keras_i3d.fvd.side_inputs import SideInputs, side_inputs
from keras_i3d.fvd.side_reading import read_side
from keras_i3d.fvd.sides import FVDError, Side, is_side_file, load_side
from keras_i3d.shown_options import options_of

Given = Side | SideInputs
# Called with (the side's name, videos done, videos in all or None).
Watch = Callable[[str, int, int | None], object]


@options_of(FVDNetwork.opened, without=("protocol",))
def fvd(
    real,
    fake,
    protocol: str | FVDProtocol = "google",
    *,
    value_range: tuple[float, float] | None = None,
    keep: bool = True,
    watch: Watch = lambda name, done, total: None,
    **how,
) -> FVDResult:
    """Return the Fréchet video distance of two sides of videos.

        result = keras_i3d.fvd.fvd("real_videos", "generated", protocol="google")
        print(result.value, result.interval, result.line)

    Args:
        real, fake: a folder of videos, of folders of pictures, or of .npy and .npz files, nested;
            one such file; an array (videos, time, height, width, 3), uint8 or float; an iterable of
            paths or of arrays (time, height, width, 3); a `Side`, or a file that one was saved in.
        protocol: a name of PROTOCOLS, or a FVDProtocol.
        value_range: (black, white) of float arrays.
        keep: whether features are kept in the cache folder, by content, and taken from there.
        watch: called as videos are done.
        how: weights, engine, precision and allow_approximate, as for `FVDNetwork.opened`.

    Raises:
        FVDError: the videos are not what the protocol wants, none can be used, or the network does
            not compute what FVD's does.
        ValueError, OSError, EngineError: as loading weights and opening an engine do.
    """
    options = {"value_range": value_range, "keep": keep, "watch": watch}
    return compare(real, {"fake": fake}, protocol, **options, **how)["fake"]


@options_of(FVDNetwork.opened, without=("protocol",))
def compare(
    real,
    fakes: Mapping[str, object],
    protocol: str | FVDProtocol = "google",
    *,
    value_range: tuple[float, float] | None = None,
    keep: bool = True,
    watch: Watch = lambda name, done, total: None,
    **how,
) -> dict[str, FVDResult]:
    """Return {name: result} of several fake sides against one real one, which is read once.

    Arguments and errors as of `fvd`.
    """
    of = protocol_named(protocol)
    # What is wrong with what was given is said before any weights are loaded.
    given = given_side("real", real, of, value_range)
    given_fakes = {name: given_side(name, one, of, value_range) for name, one in fakes.items()}
    with FVDNetwork.opened(of, **how) as network:
        test = self_test(network)
        side = side_of("real", given, network, keep, watch)
        return {
            name: measured(side, side_of(name, one, network, keep, watch), of, test)
            for name, one in given_fakes.items()
        }


def measured(real: Side, fake: Side, of: FVDProtocol, test: SelfTest | None = None) -> FVDResult:
    """Return the distance of two sides whose features are at hand.

    Raises:
        FVDError: videos in memory of two lengths or sizes.
    """
    if real.shape and fake.shape and real.shape != fake.shape:
        raise FVDError(
            f"real and fake videos in memory should have one length and size, of at least "
            f"{of.span} frames for the protocol {of.label}. Received: {real.shape} and {fake.shape}"
        )
    figures = figures_of(real.features, fake.features, of.ddof, of.ridge, of.seed)
    counts = (SideCount(len(one), one.distinct, one.left_out) for one in (real, fake))
    notes = [f"{name}: {n}" for name, s in (("real", real), ("fake", fake)) for n in s.notes]
    return FVDResult(figures, of, *counts, real.made, test, (*_notes(real, fake, of, test), *notes))


def side_of(
    name: str,
    given: Given,
    network: FVDNetwork,
    keep: bool = True,
    watch: Watch = lambda name, done, total: None,
) -> Side:
    """Return a side's features, computed where they are not at hand.

    Arguments as of `fvd`.

    Raises:
        FVDError: none of its videos can be used, or it was made in another way.
    """
    if isinstance(given, Side):
        _check_made(name, given, network)
        return given
    try:
        return read_side(given, network, keep=keep, seen=partial(watch, name))
    except FVDError as error:
        raise FVDError(f"{name}: {error}") from error


def given_side(name: str, one, of: FVDProtocol, value_range=None) -> Given:
    """Return what was given as a Side where features are at hand, else its videos.

    Raises:
        FVDError: it is neither.
    """
    if isinstance(one, Side):
        return one
    if isinstance(one, str | os.PathLike) and is_side_file(one):
        return load_side(one)
    try:
        return side_inputs(one, of, value_range)
    except FVDError as error:
        raise FVDError(f"{name}: {error}") from error


def _check_made(name: str, side: Side, network: FVDNetwork) -> None:
    """Check that features at hand are those that this network would give, on whatever backend."""
    wanted, found = (_decisive(made) for made in (network.made, side.made))
    differing = [key for key in wanted if found.get(key) != wanted[key]]
    if differing:
        told = ", ".join(f"{key} {found.get(key)}, here {wanted[key]}" for key in differing[:3])
        raise FVDError(f"{name}: its features were made in another way: {told}")


def _decisive(made: dict) -> dict:
    precision = made.get("engine", {}).get("precision")
    crc = made.get("weights_crc32c")
    return {**made.get("clip", {}), "weights_crc32c": crc, "precision": precision}


def _notes(real: Side, fake: Side, of: FVDProtocol, test: SelfTest | None):
    if sorted(real.contents) == sorted(fake.contents):
        yield "real and fake are the same videos: their distance is 0 by definition"
    elif shared := len(set(real.contents) & set(fake.contents)):
        yield f"{shared} videos are on both sides, which makes the distance smaller"
    least, dimensions = min(len(real), len(fake)), real.features.shape[1]
    if of.videos and least < of.videos:
        yield (
            f"the protocol {of.label} takes {of.videos} videos of each side; with only {len(real)} "
            f"real and {len(fake)} fake videos the value is too large"
        )
    if least < 2:
        yield (
            "one video has no spread: the value is only the squared distance of the means, plus "
            "the spread of the other side's videos"
        )
    elif least <= dimensions:
        yield (
            f"{least} videos for {dimensions} dimensions: the value is mostly bias; compare it "
            f"only with values of as many videos"
        )
    for name, side in (("real", real), ("fake", fake)):
        if side.distinct < len(side):
            yield f"{name}: {len(side) - side.distinct} videos are copies of others"
        short = sum(one.cause.startswith("too short") for one in side.left_out)
        if side.left_out:
            yield (
                f"{name}: {len(side.left_out)} videos are left out, {short} of them as too short "
                f"for {of.span} frames"
            )
    if test is not None and test.verdict and not test.verdict.startswith("as DeepMind"):
        yield f"self-test: {test.verdict}"
