"""Pictures of what networks hold."""

from keras_i3d.visualisation.kernel_pictures import kernel_picture, save_picture, side_by_side

__all__ = ["kernel_picture", "save_picture", "side_by_side"]
