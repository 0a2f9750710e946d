"""What features rest on, in words and numbers: for their metadata, and to be read."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import keras

import keras_i3d
from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.data.video.frames import small_note
from keras_i3d.features.seen_frames import NATIVE, Sight
from keras_i3d.features.settings import Settings
from keras_i3d.features.video_facts import VideoFacts
from keras_i3d.weights.integrity import weights_hash

# Fields of the settings that stand elsewhere in the metadata, or change no number.
ELSEWHERE = ("flows", "frames_fps", "engine", "precision", "calibrate", "batch")
FILLED = {
    "loop": "looped to",
    "repeat_last": "the last one repeated to",
    "partial": "shown without filling the window of",
}


def how_made(
    network: LoadedNetwork,
    layers: Mapping[str, Mapping[str, str]],
    settings: Settings,
    sight: Sight,
    engine: Mapping[str, Any],
) -> dict[str, Any]:
    """Return all that decides on features but the video; equal ones may be mixed; goes into JSON.

    Args:
        layers: as `feature_layers` gives them.
        engine: an engine's details.
    """
    record, chosen = network.record, dataclasses.asdict(settings)
    for name in ELSEWHERE:
        del chosen[name]
    made = {
        "network": {
            "name": record.network,
            "stream": record.stream,
            "weights": str(record.made.get("weights", network.source)),
            "weights_sha256": weights_hash(network.model),
            "layers": layers,
        },
        "features": chosen,
        "preprocessing": {s: dataclasses.asdict(one) for s, one in sight.inputs.items()},
        "flow": sight.flow_made(),
        "frames_fps": settings.frames_fps,
        # A note is about the machine, not about the numbers.
        "engine": {name: value for name, value in engine.items() if name != "note"},
        "versions": {"keras_i3d": keras_i3d.__version__, "keras": keras.__version__},
    }
    # Earlier versions, which had no such field, ended these networks' windows too early.
    return {**made, "every": sight.every} if sight.every > 1 else made


def described(
    facts: VideoFacts,
    windows: int,
    settings: Settings,
    every: int,
    least: int,
    made: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the fps, the notes and the metadata of a video's features.

    Args:
        facts: of the video. windows: how many it gave.
        settings: with every number filled in. every: of how many frames the network saw one.
        least: frames of the shortest window that the network takes.
        made: what `how_made` says.
    """
    rate = (facts.fps if settings.fps == NATIVE else settings.fps) / every
    notes = (*facts.notes, *_notes(facts, windows, settings, least))
    video = dataclasses.asdict(facts) | {"notes": list(notes)}
    return {"fps": rate, "notes": notes, "metadata": {**made, "fps": rate, "video": video}}


def _notes(facts: VideoFacts, windows: int, settings: Settings, least: int) -> Iterator[str]:
    seen, window = facts.seen, settings.window
    if not windows:
        yield f"short: {_frames(seen)} for a window of {window}, which --tail=drop leaves out"
    elif facts.frames == 1:
        yield "one frame only, repeated: the features are those of a still picture"
    elif seen < window and settings.windows == "from_start":
        yield f"short: {_frames(seen)}, {FILLED[settings.tail]} {window}"
    last = seen - (windows - 1) * settings.stride
    if windows and settings.tail == "partial" and settings.windows == "from_start" and last < least:
        yield f"the last window has {_frames(last)}, looped to the {least} that the network needs"
    yield from small_note(facts.width, facts.height)


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"
