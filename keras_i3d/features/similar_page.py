"""A page that shows a video's windows and those most like them, as strips of frames."""

import base64
import html
import io
import os
from collections.abc import Sequence

import numpy as np
from PIL import Image

from keras_i3d.data.pixels.resizing import resize, resized
from keras_i3d.data.video.decoding import VideoError
from keras_i3d.data.video.parts import ticks
from keras_i3d.features.similarity import Neighbour, VideoWindow, window_of
from keras_i3d.features.video_features import Features
from keras_i3d.prediction_inputs import open_video
from keras_i3d.visualisation.filmstrips import filmstrip

PICTURES, HEIGHT, FPS = 8, 96, 25
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
figure { margin: 0 0 1.2rem } img { max-width: 100%; height: auto; border-radius: 3px }
figcaption { color: #444; overflow-wrap: anywhere } b { color: #000 }
"""


def similar_page(query: Features, found: Sequence[Neighbour]) -> str:
    """Return the page, whole in itself: pictures are inside.

    Args:
        query: of the video that was asked about.
        found: the neighbours, the nearest first.
    """
    parts = []
    for place, one in enumerate(found, start=1):
        asked = window_of(query.metadata, query.start, query.end, one.query)
        parts.append(
            f"<section><h2>{place}. cosine {one.cosine:.3f}</h2>"
            + _figure("asked", asked)
            + _figure("found", one)
            + "</section>"
        )
    title = f"Windows most like those of {html.escape(_shown(query.metadata['video']['path']))}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style><h1>{title}</h1>"
        "<p>Each pair is a window of the video that was asked about and the window of another "
        "video whose features point in the most similar direction.</p>"
        + "\n".join(parts)
        + "</html>\n"
    )


def _figure(kind: str, one: VideoWindow) -> str:
    text = f"<b>{kind}</b> {html.escape(_shown(one.path))}, {one.start:.2f} to {one.end:.2f} s"
    try:
        strip = _strip(one)
    except (VideoError, OSError) as error:
        cause = html.escape(str(getattr(error, "cause", error)))
        return f"<figure><figcaption>{text}: cannot be shown ({cause})</figcaption></figure>"
    buffer = io.BytesIO()
    Image.fromarray(strip).save(buffer, "JPEG", quality=85)
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<figure><img alt="frames" src="data:image/jpeg;base64,{data}">'
        f"<figcaption>{text}</figcaption></figure>"
    )


def _strip(one: VideoWindow) -> np.ndarray:
    first, last = (round((time - one.begin) * FPS) for time in (one.start, one.end))

    def small(image):
        return resize(image, *resized(video.height, video.width, HEIGHT))

    with open_video(one.path, one.frames_fps) as video:
        frames = list(ticks(video, FPS, small, first, max(last, first + 1)))
    if not frames:
        raise VideoError(one.path, f"it ends before {one.start:g} s")
    return filmstrip(np.stack(frames), PICTURES, HEIGHT)


def _shown(path: str) -> str:
    """A file name as text, whatever bytes it has."""
    return os.fsencode(path).decode("utf-8", "replace")
