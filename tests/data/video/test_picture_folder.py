"""A folder of numbered pictures is a video like any other."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from keras_i3d.data.video.decoding import VideoError
from keras_i3d.data.video.frames import cropped_frames
from keras_i3d.data.video.picture_folder import PictureFolder


def write(path, grey, size=(40, 30), **options):
    Image.new("RGB", size, (grey,) * 3).save(path, **options)


def greys(folder, **options):
    with PictureFolder(folder, **options) as video:
        return [int(image[0, 0, 0]) for image, _, _ in video]


def test_pictures_come_in_the_order_of_their_numbers(tmp_path):
    for number in (1, 2, 10, 9):
        write(tmp_path / f"frame{number}.png", 20 * number)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / ".frame3.png").write_bytes(b"hidden")
    with PictureFolder(tmp_path, fps=10) as video:
        read = [(int(image[0, 0, 0]), stamp, length) for image, stamp, length in video]
    tenth = Fraction(1, 10)
    assert read == [(20, 0, tenth), (40, tenth, tenth), (180, 2 * tenth, tenth)] + [
        (200, 3 * tenth, tenth)
    ]
    assert (video.frames, video.width, video.height, video.fps) == (4, 40, 30, 10)
    assert video.duration == Fraction(4, 10)
    assert video.notes == ["6 numbers are missing between its pictures"]


def test_ten_pictures_a_second_become_twenty_five_frames_a_second(tmp_path):
    for number in range(10):
        write(tmp_path / f"{number:03d}.png", 20 * number)
    with PictureFolder(tmp_path, fps=10) as video:
        frames = [int(frame[0, 0, 0]) // 20 for frame in cropped_frames(video)]
    # The picture that is shown in the middle of each frame of 1/25 s.
    assert frames == [int((i + 0.5) / 25 * 10) for i in range(25)]


def test_a_picture_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise by 90 degrees to see it
    pixels = np.zeros((30, 40, 3), np.uint8)
    pixels[:, :20] = 255  # the left half, which comes to lie on top
    Image.fromarray(pixels).save(tmp_path / "1.png", exif=exif)
    with PictureFolder(tmp_path) as video:
        ((image, _, _),) = video
    assert image.shape == (40, 30, 3)
    assert (image[:20] == 255).all() and (image[20:] == 0).all()


def test_grey_of_sixteen_bits(tmp_path):
    for number, level in enumerate((0, 100, 255)):
        grey = np.full((30, 40), level * 257, np.uint16)
        Image.fromarray(grey).save(tmp_path / f"{number}.png")
    with PictureFolder(tmp_path, 25) as video:
        frames = [frame for frame, *_ in video.unconverted()]
    assert [(f.shape, f.dtype, f.min(), f.max()) for f in frames] == [
        ((30, 40, 3), np.uint8, level, level) for level in (0, 100, 255)
    ]


def test_the_picture_before_a_damaged_one_stays(tmp_path):
    for number in range(4):
        write(tmp_path / f"{number}.png", 20 * number)
    whole = (tmp_path / "2.png").read_bytes()
    (tmp_path / "2.png").write_bytes(whole[: len(whole) // 2])
    with PictureFolder(tmp_path) as video:
        frames = [int(frame[0, 0, 0]) // 20 for frame in cropped_frames(video)]
    assert frames == [0, 1, 1, 3]
    assert video.notes == ["damaged: 1 of its pictures cannot be read"]


def test_folders_that_are_no_video(tmp_path):
    with pytest.raises(VideoError, match="without numbered pictures"):
        PictureFolder(tmp_path)
    with pytest.raises(VideoError, match="No such file"):
        PictureFolder(tmp_path / "gone")
    (tmp_path / "1.jpg").write_bytes(b"no picture")
    with pytest.raises(VideoError, match="none of its pictures can be read"):
        greys(tmp_path)
    write(tmp_path / "flow_1.png", 0)
    with pytest.raises(VideoError, match=r"pictures of 2 videos in one folder: \*\.jpg, flow_\*"):
        PictureFolder(tmp_path)
    with pytest.raises(ValueError, match="fps should be above 0"):
        PictureFolder(tmp_path, fps=0)
