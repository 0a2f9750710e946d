"""All eight ways in which a picture can be turned and mirrored, written into the files by hand."""

import struct

import numpy as np
import pytest
from PIL import Image

from keras_i3d.data import VideoFile
from keras_i3d.data.video.encoding import write_mp4
from keras_i3d.data.video.orientation import orientation, oriented
from keras_i3d.data.video.picture_folder import PictureFolder
from keras_i3d.data.video.seeking import SeekableFile

# EXIF's number of each, the display matrix (a, b, c, d), and where the quarters 1 2 / 3 4 come.
EIGHT = [
    (1, (1, 0, 0, 1), [[1, 2], [3, 4]]),
    (2, (-1, 0, 0, 1), [[2, 1], [4, 3]]),
    (3, (-1, 0, 0, -1), [[4, 3], [2, 1]]),
    (4, (1, 0, 0, -1), [[3, 4], [1, 2]]),
    (5, (0, 1, 1, 0), [[1, 3], [2, 4]]),
    (6, (0, 1, -1, 0), [[3, 1], [4, 2]]),
    (7, (0, -1, -1, 0), [[4, 2], [3, 1]]),
    (8, (0, -1, 1, 0), [[2, 4], [1, 3]]),
]
ONE = 1 << 16
HEIGHT, WIDTH = 64, 96


def picture():
    """64 x 96 in quarters of grey: 1 2 above 3 4."""
    quarters = np.array([[1, 2], [3, 4]], np.uint8) * 50
    image = np.kron(quarters, np.ones((HEIGHT // 2, WIDTH // 2), np.uint8))
    return np.repeat(image[..., None], 3, axis=2)


def quarters(image):
    rows, columns = image.shape[0] // 4, image.shape[1] // 4
    return np.rint(image[rows :: 2 * rows, columns :: 2 * columns, 0] / 50).astype(int).tolist()


def write_with_matrix(path, a, b, c, d):
    """An MP4 of four frames whose track header (tkhd) has this display matrix."""
    write_mp4(path, [picture()] * 4)
    data = bytearray(path.read_bytes())
    # Behind the box's name: version and flags, six numbers, two of them of 8 bytes in all, then
    # layer, group, volume and two bytes of nothing.
    place = data.index(b"tkhd") + 4 + 24 + 8 + 8
    assert struct.unpack(">9i", data[place : place + 36])[::4] == (ONE, ONE, 1 << 30)
    data[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("number", "matrix", "wanted"), EIGHT)
def test_display_matrix(number, matrix, wanted, tmp_path):
    path = write_with_matrix(tmp_path / "v.mp4", *(ONE * value for value in matrix))
    shape = (HEIGHT, WIDTH) if number < 5 else (WIDTH, HEIGHT)
    with VideoFile(path) as video:
        images = [image for image, _, _ in video]
    assert [quarters(image) for image in images] == [wanted] * 4
    assert images[0].shape == (*shape, 3)
    assert (video.height, video.width) == shape
    assert video.notes == []
    with SeekableFile(path) as file:
        frame = next(file.frames_from(0))
        assert quarters(file.image(frame)) == wanted


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize(("number", "matrix", "wanted"), EIGHT)
def test_numbered_pictures(number, matrix, wanted, suffix, tmp_path):
    stored = Image.fromarray(picture())
    exif = stored.getexif()
    exif[0x0112] = number
    stored.save(tmp_path / f"1.{suffix}", exif=exif)
    with PictureFolder(tmp_path) as video:
        (image,) = [image for image, _, _ in video]
    assert quarters(image) == wanted
    assert (video.height, video.width) == image.shape[:2]


def test_broken_exif_data_cost_no_picture(tmp_path):
    stored = Image.fromarray(picture())
    exif = stored.getexif()
    exif[0x0112] = 6
    whole = exif.tobytes()
    for number, data in enumerate([whole, whole[:6] + b"XX" + whole[8:], whole[:10]]):
        stored.save(tmp_path / f"{number}.png", exif=data)
    with PictureFolder(tmp_path) as video:
        turned, *others = [quarters(image) for image, _, _ in video]
    assert turned == [[3, 1], [4, 2]]
    assert others == [[[1, 2], [3, 4]]] * 2
    assert video.notes == ["damaged: EXIF data of 2 pictures; they are not turned"]


@pytest.mark.parametrize("half", [0, 46341])  # of a turn by 45 degrees, 65536 / sqrt(2)
def test_what_is_no_right_angle_is_noted(half, tmp_path):
    path = write_with_matrix(tmp_path / "v.mp4", half, half, -half, half)
    with VideoFile(path) as video:
        images = [image for image, _, _ in video]
    assert quarters(images[0]) == [[1, 2], [3, 4]]
    assert sum("is not applied" in note for note in video.notes) == 1


def test_matrices_are_rounded_and_scaled():
    assert orientation((3, -65530, 65536, -2)) == (True, True, False)  # sines are rounded
    assert orientation((32768, 0, 0, -32768)) == (False, True, False)  # half as large
    assert orientation((65536, 0, 20000, 65536)) is None  # slanting
    assert orientation((0, 0, 0, 0)) is None


def test_turning_costs_no_copy():
    image = picture()
    for _, matrix, wanted in EIGHT:
        turned = oriented(image, *orientation(matrix))
        assert quarters(turned) == wanted
        assert np.shares_memory(turned, image)
