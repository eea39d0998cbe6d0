"""The one exception that a user is meant to read."""


class DsltError(Exception):
    """Bad input or an impossible request.

    The message names the file, the value, what was expected, and a hint. The command line prints it
    without a traceback and exits with status 1.
    """


def unknown(kind: str, value: object, allowed: object) -> DsltError:
    """Make the error for a value outside a closed list.

    Args:
        kind: What the value is, in the user's words ("cell", "loss", ...).
        value: The value that was given.
        allowed: The allowed values, any iterable of strings.
    """
    names = ", ".join(sorted(str(name) for name in allowed))  # type: ignore[attr-defined]
    return DsltError(f"unknown {kind} {str(value)!r}; allowed: {names}")
