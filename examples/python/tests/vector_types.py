"""From the spelling of the vectors (tests/vectors/README.md) to this package's types, and back."""

from typing import Any

import tollgate as t

NEVER = "never"


def nanos(text: str) -> int:
    return 2**64 - 1 if text == NEVER else int(text)


def text(span: int | None) -> str:
    return NEVER if span is None else str(span)


def limit(fields: dict[str, Any]) -> t.Limit:
    fields = dict(fields)
    make = getattr(t, fields.pop("algorithm").replace("-", "_"))
    is_shadow, overrun = fields.pop("shadow", False), fields.pop("overrun", "debt")
    made: t.Limit = make(**{name: spelled(name, value) for name, value in fields.items()})
    made = made.refuse_overrun() if overrun == "refuse" else made
    return made.shadow() if is_shadow else made


def spelled(name: str, value: Any) -> Any:
    return nanos(value) if name.endswith("_ns") else value


def hold(fields: dict[str, str]) -> t.Hold:
    return t.Hold(bytes.fromhex(fields["id"]), nanos(fields["ttl_ns"]))


def operation(fields: dict[str, Any], names: list[str]) -> t.Operation:
    ((kind, given),) = fields.items()
    args = {name: spelled(name, value) for name, value in given.items()}
    if kind == "acquire":
        once = args.pop("once", None)
        held = args.pop("hold", None)
        return t.acquire(**args, hold=held and hold(held), once=once and bytes.fromhex(once))
    if kind == "renew":
        return t.renew(hold(args["hold"]))
    if kind == "block":
        return t.block(args["for_ns"])
    if "hold" in args:
        args["hold"] = bytes.fromhex(args["hold"])
    if "limit" in args:
        args["limit"] = names.index(args["limit"])
    if kind == "set_capacity":
        args.setdefault("capacity", None)
    made: t.Operation = getattr(t, kind)(**args)
    return made


def said(decision: t.Decision, before: bytes) -> dict[str, Any]:
    return {
        "verdict": decision.verdict,
        "effect": decision.effect,
        "changed": decision.record is not None,
        "retry_after_ns": text(decision.retry_after_ns),
        "limits": [standing(status) for status in decision.limits],
        "record": (decision.record or before).hex(),
    }


def standing(status: t.LimitStatus) -> dict[str, Any]:
    said = {
        "verdict": status.verdict,
        "limit": status.limit,
        "remaining": status.remaining,
        "held": status.held,
        "retry_after_ns": text(status.retry_after_ns),
        "reset_after_ns": text(status.reset_after_ns),
        "delay_ns": text(status.delay_ns),
    }
    if (it := status.capacity) is not None:
        said["capacity"] = {"capacity": it.capacity, "original": it.original, "per_ns": text(it.per_ns)}
    return said
