"""One, three or ten square crops of a frame, or of its flow."""

import numpy as np

CROPS = (1, 3, 10)


def cut_crops(image: np.ndarray, crop: int, crops: int) -> np.ndarray:
    """Return crops of (height, width, channels): (crops, crop, crop, channels).

    1     the centre
    3     begin, middle and end of the longer side, in the middle of the shorter
    10    top left, top right, bottom left, bottom right, the centre; then the five mirrored

    Args:
        image: RGB, or flow with channels x, y; the x of mirrored flow changes its sign.
        crop: pixels of the squares; no side of the image is shorter.
        crops: one of CROPS.
    """
    rows, columns = (side - crop for side in image.shape[:2])
    centre = rows // 2, columns // 2
    if crops == 1:
        corners = [centre]
    elif crops == 3 and rows <= columns:
        corners = [(rows // 2, left) for left in (0, columns // 2, columns)]
    elif crops == 3:
        corners = [(top, columns // 2) for top in (0, rows // 2, rows)]
    else:
        corners = [(0, 0), (0, columns), (rows, 0), (rows, columns), centre]
    cut = np.stack([image[top : top + crop, left : left + crop] for top, left in corners])
    if crops != 10:
        return cut
    mirrored = cut[:, :, ::-1]
    if image.shape[-1] == 2:
        mirrored = mirrored * np.array([-1, 1], image.dtype)
    return np.concatenate([cut, mirrored])
