"""Whether a video file ends as its container has to; for those of which that is certain."""

from pathlib import Path

_GIF_END = b"\x3b"
_OGG_PAGE, _OGG_HEADER, _OGG_LONGEST = b"OggS", 27, 65_307
_OGG_LAST = 4  # flag of the last page of a stream
_PACKETS = (188, 192, 204)  # of transport streams, plain, with times, and with checksums


def cut_short(path: Path, container: str, end: int) -> str:
    """Say what is missing at the end of a file; empty where nothing is, or it is not known.

    Args:
        path: The video file.
        container: FFmpeg's name of the container.
        end: Where the last whole frame ends in the file, in bytes; 0: not known.
    """
    size = path.stat().st_size
    if container == "gif" and not _tail(path, 64).rstrip(b"\0\r\n ").endswith(_GIF_END):
        return "its end mark is missing"
    if container == "yuv4mpegpipe" and 0 < end < size:
        return "it ends within a frame"
    if container == "mpegts" and all(size % length for length in _PACKETS):
        return "it ends within a packet"
    if container == "ogg" and not _ogg_ends(_tail(path, _OGG_LONGEST)):
        return "the end mark of its last stream is missing"
    return ""


def _tail(path: Path, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - length))
        return file.read()


def _ogg_ends(tail: bytes) -> bool:
    """Tell whether the last page is whole, and the last one of its stream."""
    page = tail[max(0, tail.rfind(_OGG_PAGE)) :]
    if not page.startswith(_OGG_PAGE) or len(page) < _OGG_HEADER:
        return False
    segments = page[_OGG_HEADER : _OGG_HEADER + page[26]]
    whole = len(page) >= _OGG_HEADER + page[26] + sum(segments)
    return whole and bool(page[5] & _OGG_LAST)
