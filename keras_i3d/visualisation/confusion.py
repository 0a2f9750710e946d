"""A confusion matrix as a picture."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

# With more classes than this, names would be larger than their rows.
MOST_NAMED = 60
PICTURE = 900
LEGEND = "predicted: column; true: row"


def draw_confusion(confusion: np.ndarray, classes: tuple[str, ...]) -> Image.Image:
    """(classes, classes) counts, row the true class, as a picture: the larger a share, the darker.

    Each row is divided by its sum; a class without a video stays white. Names are written where
    they can be read.
    """
    counts = np.asarray(confusion, float)
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    cell = max(1, PICTURE // len(classes))
    if len(classes) <= MOST_NAMED:
        cell = min(max(cell, 14), 48)
    # White to a dark blue; the square root makes single mistakes visible.
    dark, depth = np.array([8, 48, 107]), np.sqrt(share)[..., None]
    pixels = np.rint(255 + (dark - 255) * depth).astype(np.uint8)
    matrix = Image.fromarray(pixels.repeat(cell, 0).repeat(cell, 1))
    if len(classes) > MOST_NAMED:
        return _framed(matrix, 24, (), cell)
    return _framed(matrix, 24, classes, cell)


def _framed(matrix: Image.Image, margin: int, classes: tuple[str, ...], cell: int) -> Image.Image:
    font = ImageFont.load_default(min(12, cell - 2) if classes else 12)
    widest = max((font.getlength(name) for name in classes), default=0)
    left = margin + int(widest) + 6
    top = margin + (int(widest) + 6 if classes else 0)
    width = max(matrix.width, int(ImageFont.load_default().getlength(LEGEND)) + 1)
    picture = Image.new("RGB", (left + width + margin, top + matrix.height + margin), "white")
    picture.paste(matrix, (left, top))
    draw = ImageDraw.Draw(picture)
    draw.rectangle(
        (left - 1, top - 1, left + matrix.width, top + matrix.height), outline=(150, 150, 150)
    )
    for number, name in enumerate(classes):
        middle = number * cell + cell // 2
        draw.text((left - 6, top + middle), name, "black", font, anchor="rm")
        upright = Image.new("L", (int(widest) + 2, cell))
        ImageDraw.Draw(upright).text((0, cell // 2), name, 255, font, anchor="lm")
        turned = upright.rotate(90, expand=True)
        place = (left + number * cell, top - 4 - turned.height)
        picture.paste(
            (0, 0, 0), (*place, place[0] + turned.width, place[1] + turned.height), turned
        )
    draw.text((left, picture.height - 4), LEGEND, (90, 90, 90), anchor="lb")
    return picture
