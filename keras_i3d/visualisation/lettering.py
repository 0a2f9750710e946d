"""The letters in pictures."""

from PIL import ImageFont


def lettering(size: int) -> ImageFont.FreeTypeFont:
    """Return a font of this many pixels: DejaVu Sans where the machine has it, else Pillow's own.

    Pillow's knows little but English; names of classes may be in any language.
    """
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)
