"""Pictures of networks, their mistakes and their input."""

from keras_i3d.visualisation.kernel_pictures import (
    kernel_picture,
    save_picture,
    side_by_side,
    with_time_and_numbers,
)

__all__ = ["kernel_picture", "with_time_and_numbers", "save_picture", "side_by_side"]
