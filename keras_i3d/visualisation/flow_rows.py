"""What a network's features tell of motion: true flow beside decoded flow, a row an end point."""

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw

from keras_i3d.visualisation.flow_colours import flow_legend, flow_picture, full_colour
from keras_i3d.visualisation.lettering import lettering

SIDE = 144  # pixels of a picture, at its longer side
GAP, TITLE, FONT = 6, 20, 13
TRUE = "true flow"


def flow_rows(
    true: Mapping[str, np.ndarray],
    decoded: Mapping[str, Mapping[str, np.ndarray]],
    frame: np.ndarray | None = None,
) -> np.ndarray:
    """Draw a row for each end point: the frame, its true flow, what each decoder told, the wheel.

    All have the same colours, full at the true flow's largest motion; a decoded flow is drawn in
    its own cells.

    Args:
        true: {end point: (height, width, 2)}, in pixels.
        decoded: {end point: {kind of decoder: (rows, columns, 2)}}, in the same pixels.
        frame: (height, width, 3) uint8, shown in every row; None for none.

    Returns:
        (height, width, 3) uint8.
    """
    if not true or set(true) != set(decoded):
        raise ValueError(
            f"true and decoded should have the same end points, one or more. Received: "
            f"{list(true)} and {list(decoded)}"
        )
    largest = full_colour(np.stack(list(true.values())))
    rows = {}
    for name, flow in true.items():
        pictures = {} if frame is None else {"frame": frame}
        shown = {TRUE: flow} | {kind: np.asarray(f) for kind, f in decoded[name].items()}
        pictures |= {what: flow_picture(one, largest) for what, one in shown.items()}
        rows[name] = pictures
    return _drawn(rows, flow_legend(largest, SIDE))


def _drawn(rows: Mapping[str, Mapping[str, np.ndarray]], legend: np.ndarray) -> np.ndarray:
    """{row: {column: picture}} as one picture, names above and to the left."""
    first = next(iter(rows.values()))
    height, width = first[TRUE].shape[:2]
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    font = lettering(FONT)
    left = round(max(font.getlength(name) for name in rows)) + 2 * GAP
    columns = list(dict.fromkeys(what for row in rows.values() for what in row))
    canvas = Image.new(
        "RGB",
        (left + len(columns) * (size[0] + GAP) + SIDE + GAP,
         TITLE + max(len(rows) * (size[1] + GAP), SIDE + GAP)),
        "white",
    )  # fmt: skip
    draw = ImageDraw.Draw(canvas)
    for place, what in enumerate(columns):
        middle = left + place * (size[0] + GAP) + size[0] // 2
        draw.text((middle, TITLE // 2), what, "black", font, anchor="mm")
    for number, (name, pictures) in enumerate(rows.items()):
        top = TITLE + number * (size[1] + GAP)
        draw.text((GAP, top + size[1] // 2), name, "black", font, anchor="lm")
        for what, picture in pictures.items():
            # Cells stay cells: what looks smooth would be the drawing's work.
            one = Image.fromarray(picture).resize(size, Image.Resampling.NEAREST)
            canvas.paste(one, (left + columns.index(what) * (size[0] + GAP), top))
    canvas.paste(Image.fromarray(legend), (left + len(columns) * (size[0] + GAP), TITLE))
    return np.asarray(canvas)
