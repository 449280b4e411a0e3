"""Pillow 7 and 10."""
from .engine import Row, default, wrapper


def rows():
    return [
        Row("PIL", "PILLOW_VERSION", "7.0", "PIL:__version__"),
        Row("PIL.Image:Image", "convert", "7.0", wrap=_convert),
        Row("PIL.Image:Image", "resize", "7.0", wrap=default("resample", 2, 0)),  # the nearest pixel
        Row("PIL.Image", "ANTIALIAS", "10.0", "PIL.Image:LANCZOS"),
        Row("PIL.Image", "LINEAR", "10.0", "PIL.Image:BILINEAR"),
        Row("PIL.Image", "CUBIC", "10.0", "PIL.Image:BICUBIC"),
        Row("PIL.ImageDraw:ImageDraw", "textsize multiline_textsize", "10.0", value=_textsize),
        Row("PIL.ImageFont:FreeTypeFont", "getsize", "10.0", value=_getsize),
        Row("PIL.ImageFont:ImageFont", "getsize", "10.0", value=_getsize),
    ]


@wrapper
def _convert(plain, image, mode=None, *arguments, **keywords):
    """7.0: grey is rounded; it was the whole part of (299 R + 587 G + 114 B) / 1000."""
    if mode != "L" or arguments or keywords or image.mode not in ("RGB", "RGBA", "P"):
        return plain(image, mode, *arguments, **keywords)
    # Pillow adds 0.5 and takes the whole part. 0.0005: thousandths are not exact.
    return plain(plain(image, "RGB"), "L", (0.299, 0.587, 0.114, 0.0005 - 0.5))


def _getsize(font, text, *arguments, **keywords):
    """A text's width and height in pixels."""
    return tuple(font.getbbox(text, *arguments, **keywords)[2:])


def _textsize(draw, text, font=None, spacing=4, *_, **__):
    """A text's width and height in pixels, in a font (the drawing's own)."""
    font = font or draw.getfont()
    lines = [_getsize(font, line) for line in text.split("\n")]
    if len(lines) == 1:
        return lines[0]
    return max(width for width, _ in lines), len(lines) * (_getsize(font, "A")[1] + spacing) - spacing
