"""Inputs made from good ones: a few places of a text, of bytes or of JSON data are changed."""

import copy
import json
from collections.abc import Sequence
from typing import Any

from faults._tries import Draw

ODD_TEXTS = (
    "", " ", "\0", "\x1b[2J", "\u202e", "\ufeff", "\udcff", "\U0001f600", "é", "null", "~", "true", "no", ".inf",
    ".nan", "1e999", "0x1g", "-1", "99999999999999999999999", "1_000", "12:30:45", "2026-11-29", "&a ", "*a",
    "<<: *a", "!!python/name:os.system", "!!set {a}", "{", "}", "[", "]", ",", ":", ": ", "- ", "\n", "\n\n", "\t",
    '"', "'", "`", "#", "|", ">", "%", "@", "?", "\\", "\\u0000", "---\n", "..", "../..", "/etc/passwd",
    "~nouser/x", "a" * 300, "http://[::1", "http://user:secret@host:1/v1", "os:system", "{text}", "{",
    "{0.__class__}", "[" * 500, "{a: " * 200, '{"a":' * 2000, "a: &x [*x]\n", "pt", "zz-Zzzz-ZZ", "eng_Latn",
    "1" * 5000,
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 2**31, 2**63, 2**64, -(2**70), float("nan"), float("inf"), "", " ", "\0",
    "x", [], {}, [[]], [None], {"": 0}, {"a": {"b": []}}, ["a"] * 50, [{"role": "user", "content": "x"}], "../../x",
    "\udcff", "\u202ex", "http://[::1", "/etc/passwd", "os:system", "a" * 300, "1e5", "pt", "org/name", "~nouser",
)  # fmt: skip


def text(draw: Draw, good: Sequence[str]) -> str:
    """One of these texts, with changes."""
    changed = draw.choice(good)
    for _ in range(draw.choice((0, 1, 1, 1, 2, 3, 6))):
        start = draw.randint(0, len(changed))
        end = min(len(changed), start + draw.choice((0, 0, 1, 2, 5, 20, 200)))
        other = draw.choice(good)
        place = draw.randint(0, len(other))
        put = draw.choice(
            (
                draw.choice(ODD_TEXTS),
                draw.choice(ODD_TEXTS),
                "",
                changed[start:end] * 2,
                other[place : place + 40],
                chr(draw.randrange(0x2100)),
            )
        )
        changed = changed[:start] + put + changed[end:]
    return changed


def data(draw: Draw, good: bytes) -> bytes:
    """Bytes with changes: flipped, cut, put in, repeated."""
    changed = bytearray(good)
    for _ in range(draw.choice((0, 1, 1, 2, 4))):
        start = draw.randint(0, len(changed))
        match draw.randrange(4):
            case 0 if start < len(changed):
                changed[start] ^= 1 << draw.randrange(8)
            case 1:
                del changed[start : start + draw.choice((1, 5, 50, len(changed)))]
            case 2:
                changed[start:start] = draw.randbytes(draw.choice((1, 2, 8)))
            case _:
                changed[start:start] = changed[start : start + draw.choice((1, 10, 100))]
    return bytes(changed)


def json_value(draw: Draw, good: Any) -> Any:
    """JSON data with changes: values, keys and elements replaced, removed, repeated and moved."""
    holder = [copy.deepcopy(good)]
    for _ in range(draw.choice((0, 1, 1, 1, 2, 4))):
        places = list(_places(holder))
        inside, key = draw.choice(places)
        value = copy.deepcopy(draw.choice(ODD_VALUES))  # which later changes must leave as they are
        match draw.randrange(5):
            case 0 if inside is not holder:
                del inside[key]
            case 1 if isinstance(inside, dict):
                inside[draw.choice((f"{key}x", "", "\0", "..", "a" * 300))] = inside.pop(key)
            case 2:
                other, other_key = draw.choice(places)
                inside[key] = copy.deepcopy(other[other_key])
            case 3 if isinstance(inside, list) and inside is not holder:
                inside.append(value)
            case _:
                inside[key] = value
    return holder[0]


def json_text(draw: Draw, good: Any) -> bytes:
    """JSON data with changes as a file has it, whose bytes may be changed, too."""
    written = json.dumps(json_value(draw, good)).encode()
    return data(draw, written) if draw.random() < 0.2 else written


def _places(inside: Any) -> list[tuple[Any, Any]]:
    places = []
    for key, value in inside.items() if isinstance(inside, dict) else enumerate(inside):
        places.append((inside, key))
        if isinstance(value, dict | list):
            places += _places(value)
    return places
