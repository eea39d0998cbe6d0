"""The one exception that a user is meant to read."""


class DsltError(Exception):
    """Bad input or an impossible request.

    The message names the file, the value, what was expected, and a hint. The command line prints it
    without a traceback and exits with status 1.
    """


_LONGEST = 200  # characters of a value in a message


def quote(value: object) -> str:
    """Write a value into a message as Python writes it, cut where it is long."""
    return cut(repr(value))


def cut(text: object, longest: int = _LONGEST) -> str:
    """Shorten a text for a message, and say by how much."""
    whole = str(text)
    more = len(whole) - longest
    return whole if more <= 0 else f"{whole[:longest]}... ({more} more characters)"


def unknown(kind: str, value: object, allowed: object) -> DsltError:
    """Make the error for a value outside a closed list.

    Args:
        kind: What the value is, in the user's words ("cell", "loss", ...).
        value: The value that was given.
        allowed: The allowed values, any iterable of strings.
    """
    names = ", ".join(sorted(str(name) for name in allowed))  # type: ignore[attr-defined]
    return DsltError(f"unknown {kind} {quote(str(value))}; allowed: {names}")
