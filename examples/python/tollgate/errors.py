"""What can go wrong, and what to do about it."""

MESSAGES = {
    -1: "no policy is open under this id",
    -2: "record: the bytes are no record",
    -3: "record: it is too long",
    -4: "operation: there is none of this kind",
    -5: "costs: must be one per limit, 0 to 2^53 - 1",
    -6: "share: must be 1 to 1000 thousandths",
    -7: "ttl_ns: must be 1 ns to 31 days",
    -8: "capacity: must be 1 to 2^53 - 1, in 1 ns to 146 years",
    -9: "factor_permille: must be 0 to 999",
    -10: "source, reason: must be at most 64 and 256 bytes of UTF-8",
    -11: "slot: there is none of this number",
    -12: "batch: must be at most 1024 slots",
    -13: "slots: there are 1048576",
    -14: "limits: must be at most 16",
    -15: "limits: must be at most 4 sliding logs",
    -16: "limits: two have the same name, or names that a record can't tell apart",
    -17: "limits: 1024 policies are open",
    -32: "algorithm: there is none of this number",
    -33: "windows: there are none of this number",
    -34: "name: must be 1 to 64 ASCII letters, digits, _, - or .",
    -35: "limit, capacity or slots: out of range",
    -36: "refill or leak: out of range",
    -37: "burst: out of range",
    -38: "initial: out of range",
    -39: "per_ns: must be 1 ns to 146 years",
    -40: "utc_offset_secs: must be at most 64800 either way",
    -41: "recovery: out of range",
    -42: "per_ns: from empty to full takes more than 146 years",
    -43: "flags: there are none of these",
}


class Error(Exception):
    """Any error of this package."""


class Invalid(Error, ValueError):
    """An argument is out of its range. Nothing was charged."""


class Full(Error):
    """All keys that there is room for still matter. Nothing was charged to the key that found none."""

    passed: tuple[bool, ...] = ()
    """What became of the keys before it in a batch; they were decided."""


class NotTollgate(Error):
    """The file is no module of tollgate, or one of another version."""


class OutOfMemory(Error):
    """The module has used all memory that it was given. Its keys are gone; make a new one."""


class DeadlineExceeded(Error):
    """A call did more work than it was given. The module's keys are gone; make a new one."""
