"""Kernels of the first layer over time, as the paper's figure of I3D's filters has them."""

import os

import numpy as np
from PIL import Image, ImageDraw

from keras_i3d.files.whole import whole_file
from keras_i3d.visualisation.lettering import lettering

GAP = 2  # pixels between two slices of a kernel
MARGIN = 12  # pixels around a picture, and between two kernels side by side
TITLE = 16  # pixels of the line above a picture
HEAD, NUMBER = 26, 28  # pixels above a numbered picture, and to the left of its strips
WHITE = 255


def kernel_picture(kernel: np.ndarray, zoom: int = 4, columns: int = 4) -> np.ndarray:
    """Return a strip for each kernel, time from left to right: (height, width, 3) uint8.

    Each kernel is scaled by itself, grey for zero, so that a repeated kernel shows the same slice
    again and again. Of two channels, flow's x is red and y green.

    Args:
        kernel: (time, height, width, channels, kernels), of 1, 2 or 3 channels.
        zoom: pixels of the picture for one value.
        columns: strips side by side.
    """
    if kernel.ndim != 5 or kernel.shape[3] not in (1, 2, 3):
        raise ValueError(
            f"kernel should be (time, height, width, 1 to 3 channels, kernels). Received: "
            f"{kernel.shape}"
        )
    time, height, width, channels, count = kernel.shape
    peak = np.abs(kernel).max(axis=(0, 1, 2, 3), keepdims=True)
    grey = np.rint(127.5 + 127.5 * kernel / np.where(peak == 0, 1, peak)).astype(np.uint8)
    if channels == 1:
        grey = np.repeat(grey, 3, axis=3)
    elif channels == 2:
        grey = np.concatenate([grey, np.full_like(grey[..., :1, :], 128)], axis=3)
    grey = grey.repeat(zoom, axis=1).repeat(zoom, axis=2)
    tall, wide = height * zoom + GAP, time * (width * zoom + GAP) + MARGIN
    rows = -(-count // columns)
    picture = np.full((rows * tall, columns * wide, 3), WHITE, np.uint8)
    for number in range(count):
        top, left = number // columns * tall, number % columns * wide
        for moment in range(time):
            at = left + moment * (width * zoom + GAP)
            tile = grey[moment, :, :, :, number]
            picture[top : top + height * zoom, at : at + width * zoom] = tile
    return picture


def with_time_and_numbers(picture: np.ndarray, kernel: np.ndarray, zoom: int = 4) -> np.ndarray:
    """Write numbers and an arrow of time around a `kernel_picture` of the same kernel and zoom.

    Above each column are the moments, from 1 on, with an arrow that points where time goes; to the
    left of each strip is its kernel's number, from 0 on, as the network has it.
    """
    time, height, width, _, count = kernel.shape
    tall, wide = height * zoom + GAP, time * (width * zoom + GAP) + MARGIN
    rows, columns = picture.shape[0] // tall, picture.shape[1] // wide
    canvas = Image.new("RGB", (columns * (NUMBER + wide), HEAD + rows * tall), "white")
    draw, font = ImageDraw.Draw(canvas), lettering(11)
    for column in range(min(columns, count)):
        left = column * (NUMBER + wide) + NUMBER
        strips = picture[:, column * wide : (column + 1) * wide]
        canvas.paste(Image.fromarray(strips), (left, HEAD))
        right = left + wide - MARGIN - GAP
        draw.line((left, 6, right, 6), "black")
        draw.polygon((right, 6, right - 6, 3, right - 6, 9), "black")
        draw.text((left - GAP, 6), "time", "black", font, anchor="rm")
        for moment in range(time):
            middle = left + moment * (width * zoom + GAP) + width * zoom // 2
            draw.text((middle, HEAD - 8), str(moment + 1), "black", font, anchor="mm")
    for number in range(count):
        row, column = divmod(number, columns)
        place = column * (NUMBER + wide) + NUMBER - GAP, HEAD + row * tall + height * zoom // 2
        draw.text(place, str(number), "black", font, anchor="rm")
    return np.asarray(canvas)


def side_by_side(pictures: dict[str, np.ndarray]) -> np.ndarray:
    """Return pictures in a row, each under its name: (height, width, 3) uint8."""
    height = max(p.shape[0] for p in pictures.values()) + 2 * MARGIN + TITLE
    width = sum(p.shape[1] + MARGIN for p in pictures.values()) + MARGIN
    canvas = Image.new("RGB", (width, height), "white")
    draw, left = ImageDraw.Draw(canvas), MARGIN
    for name, picture in pictures.items():
        draw.text((left, MARGIN), name, fill="black")
        canvas.paste(Image.fromarray(picture), (left, MARGIN + TITLE))
        left += picture.shape[1] + MARGIN
    return np.asarray(canvas)


def save_picture(picture: np.ndarray, path: str | os.PathLike) -> None:
    """Write a PNG, which appears whole or not at all."""
    with whole_file(path) as file:
        Image.fromarray(picture).save(file, format="PNG")
