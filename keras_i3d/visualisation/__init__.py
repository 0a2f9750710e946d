"""Pictures of what networks hold."""

from keras_i3d.visualisation.kernels import kernel_picture, save_picture, side_by_side

__all__ = ["kernel_picture", "save_picture", "side_by_side"]
