"""Pillow 7 and 10."""
from .engine import Row


def rows():
    return [
        Row("PIL", "PILLOW_VERSION", "7.0", "PIL:__version__"),
        Row("PIL.Image", "ANTIALIAS", "10.0", "PIL.Image:LANCZOS"),
        Row("PIL.Image", "LINEAR", "10.0", "PIL.Image:BILINEAR"),
        Row("PIL.Image", "CUBIC", "10.0", "PIL.Image:BICUBIC"),
        Row("PIL.ImageDraw:ImageDraw", "textsize multiline_textsize", "10.0", value=_textsize),
        Row("PIL.ImageFont:FreeTypeFont", "getsize", "10.0", value=_getsize),
        Row("PIL.ImageFont:ImageFont", "getsize", "10.0", value=_getsize),
    ]


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
