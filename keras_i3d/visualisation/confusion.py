"""A confusion matrix as a picture."""

import numpy as np
from PIL import Image, ImageDraw

from keras_i3d.visualisation.lettering import lettering

# With more classes than this, names and counts would be larger than their rows.
MOST_NAMED = 60
PICTURE = 900
# Pixels of a name that have room; the rest of a longer one is left out.
LONGEST_NAME = 160
MARGIN, GAP = 16, 6
# Pixels of a cell with names, at least and at most; of the scale of colours.
LEAST_CELL, MOST_CELL = 18, 48
SCALE_WIDTH, SCALE_HEIGHT = 120, 12
LEGEND = "predicted: column; true: row"
SCALE_TEXT = "0 to 100 % of the row"
DARK, MIDDLE = np.array([8, 48, 107]), 125


def draw_confusion(confusion: np.ndarray, classes: tuple[str, ...]) -> Image.Image:
    """Draw (classes, classes) counts, a row a true class: the larger a share, the darker.

    Each row is divided by its sum; a class without a video stays white. Names and counts are
    written where they can be read; a count of 0 is left out.
    """
    counts = np.asarray(confusion)
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    font = lettering(12)
    cell = max(1, PICTURE // len(classes))
    named = len(classes) <= MOST_NAMED
    if named:
        widest = int(font.getlength(str(counts.max(initial=0))))
        cell = max(LEAST_CELL, widest + GAP, min(cell, MOST_CELL))
    pixels = _colours(share)
    matrix = Image.fromarray(pixels.repeat(cell, 0).repeat(cell, 1))
    if named:
        _write_counts(ImageDraw.Draw(matrix), counts, pixels, cell, font)
        matrix = _with_names(matrix, [_fitted(name, font) for name in classes], cell, font)
    else:
        matrix = _framed(matrix)
    return _with_scale(matrix, font)


def _colours(share: np.ndarray) -> np.ndarray:
    """White to a dark blue; the square root makes single mistakes visible."""
    return np.rint(255 + (DARK - 255) * np.sqrt(share)[..., None]).astype(np.uint8)


def _write_counts(draw, counts: np.ndarray, pixels: np.ndarray, cell: int, font) -> None:
    for row, column in np.argwhere(counts):
        light = float(pixels[row, column] @ (0.299, 0.587, 0.114))
        ink, edge = ("black", "white") if light > MIDDLE else ("white", "black")
        # On middle blues an edge keeps it legible, and on what a dark page makes of them.
        width = int(abs(light - MIDDLE) < 45)
        middle = (column * cell + cell / 2, row * cell + cell / 2)
        text = str(counts[row, column])
        draw.text(middle, text, ink, font, anchor="mm", stroke_width=width, stroke_fill=edge)


def _fitted(name: str, font) -> str:
    if font.getlength(name) <= LONGEST_NAME:
        return name
    room = LONGEST_NAME - font.getlength("…")
    kept = next(n for n in range(len(name), -1, -1) if font.getlength(name[:n]) <= room)
    return name[:kept] + "…"


def _framed(matrix: Image.Image) -> Image.Image:
    picture = Image.new("RGB", (matrix.width + 2, matrix.height + 2), (150, 150, 150))
    picture.paste(matrix, (1, 1))
    return picture


def _with_names(matrix: Image.Image, names: list[str], cell: int, font) -> Image.Image:
    """The names to the left of the rows and, upright, above the columns."""
    framed = _framed(matrix)
    room = int(max(map(font.getlength, names))) + 2
    left = top = room + GAP
    picture = Image.new("RGB", (left + framed.width, top + framed.height), "white")
    picture.paste(framed, (left, top))
    draw = ImageDraw.Draw(picture)
    for number, name in enumerate(names):
        middle = top + 1 + number * cell + cell // 2
        draw.text((left - GAP, middle), name, "black", font, anchor="rm")
        upright = Image.new("L", (room, cell))
        ImageDraw.Draw(upright).text((0, cell // 2), name, 255, font, anchor="lm")
        turned = upright.rotate(90, expand=True)
        picture.paste((0, 0, 0), (left + 1 + number * cell, top - GAP - room), turned)
    return picture


def _with_scale(matrix: Image.Image, font) -> Image.Image:
    """A margin around, and below what rows, columns and colours mean."""
    line = SCALE_HEIGHT + GAP
    width = max(matrix.width, int(font.getlength(LEGEND)), SCALE_WIDTH + GAP + 140)
    height = MARGIN + matrix.height + GAP + 2 * line + MARGIN
    picture = Image.new("RGB", (width + 2 * MARGIN, height), "white")
    picture.paste(matrix, (MARGIN, MARGIN))
    draw = ImageDraw.Draw(picture)
    first = MARGIN + matrix.height + GAP + line // 2
    second = first + line
    draw.text((MARGIN, first), LEGEND, (90, 90, 90), font, anchor="lm")
    colours = _colours(np.linspace(0, 1, SCALE_WIDTH)[None]).repeat(SCALE_HEIGHT, 0)
    picture.paste(_framed(Image.fromarray(colours)), (MARGIN, second - SCALE_HEIGHT // 2))
    place = (MARGIN + SCALE_WIDTH + GAP + 2, second)
    draw.text(place, SCALE_TEXT, (90, 90, 90), font, anchor="lm")
    return picture
