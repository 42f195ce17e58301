"""What an argument has to be, before it goes into the module."""

from .errors import Invalid


def whole(name: str, number: object, least: int, most: int, hint: str = "") -> int:
    """A whole number in this range; True and False are none."""
    if isinstance(number, int) and not isinstance(number, bool) and least <= number <= most:
        return number
    raise Invalid(f"{name}: must be a whole number, {least} to {most}, not {number!r}{hint}")


def utf8(name: str, text: object, bytes_max: int) -> bytes:
    """The bytes of a text of at most so many."""
    if not isinstance(text, str):
        raise Invalid(f"{name}: must be a str, not {type(text).__name__}")
    try:
        encoded = text.encode()
    except UnicodeEncodeError as error:
        raise Invalid(f"{name}: must not have half of a surrogate pair") from error
    if len(encoded) > bytes_max:
        raise Invalid(f"{name}: must be at most {bytes_max} bytes")
    return encoded


def id_bytes(name: str, id: object) -> bytes:
    """An id of 16 bytes."""
    if not isinstance(id, bytes) or len(id) != 16:
        raise Invalid(f"{name}: must have 16 bytes")
    return id


def nanos(now_ns: object) -> int:
    """A time, in nanoseconds since the Unix epoch."""
    return whole("now_ns", now_ns, 0, 2**64 - 1, ": nanoseconds since the Unix epoch, as time.time_ns tells them")
