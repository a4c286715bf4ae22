"""The drawing of the house: its floors and rooms, read from the imports."""

from collections.abc import Iterator
from html import escape

from tests.test_floors import FLOORS, MODULES, imported_rooms, room_of

WIDTH, HEIGHT, GAP, LEFT = 860, 46, 10, 14


def drawing() -> str:
    """An SVG with a line a floor; under each room's name, how many rooms use it."""
    users: dict[str, set[str]] = {}
    for path in MODULES:
        room = room_of(path)
        for used in imported_rooms(path):
            if used != room:
                users.setdefault(used, set()).add(room)
    parts = [part for number, rooms in enumerate(FLOORS) for part in _floor(number, sorted(rooms), users)]
    height = len(FLOORS) * (HEIGHT + GAP) + GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-label="The rooms of sdrrl_data on their floors" font-family="system-ui, sans-serif">'
    )
    return "\n".join([head, f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>', *parts, "</svg>", ""])


def _floor(number: int, rooms: list[str], users: dict[str, set[str]]) -> Iterator[str]:
    top = GAP + number * (HEIGHT + GAP)
    width = (WIDTH - 2 * LEFT - (len(rooms) - 1) * GAP) / len(rooms)
    for place, room in enumerate(rooms):
        left = LEFT + place * (width + GAP)
        middle = left + width / 2
        used_by = len(users.get(room, ()))
        size = f'x="{left:.0f}" y="{top}" width="{width:.0f}" height="{HEIGHT}"'
        yield f'<rect {size} rx="6" fill="#eef2f8" stroke="#7d8ca3"/>'
        yield _text(middle, top + 19, 14, "600", room)
        if used_by:
            yield _text(middle, top + 36, 11, "400", f"used by {used_by} room{'s' if used_by > 1 else ''}")


def _text(x: float, y: int, size: int, weight: str, words: str) -> str:
    return (
        f'<text x="{x:.0f}" y="{y}" text-anchor="middle" font-size="{size}" font-weight="{weight}" '
        f'fill="#1c2430">{escape(words)}</text>'
    )
