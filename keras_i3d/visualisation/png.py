"""Pictures as PNG files in memory, for pages and logs."""

import io

from PIL import Image


def png(picture: Image.Image) -> bytes:
    """Return the PNG file of a picture."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
