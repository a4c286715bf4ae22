"""A figure of matplotlib as SVG within a page: small, in the page's colours and fonts, and without a `style`.

The page's content security policy allows no styles within elements, and its colours differ by day and by night, so each
colour that a figure is drawn in becomes a class of the page's style sheet.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from markupsafe import Markup

from sdrrl_data.cards import pictures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colours of a figure -> what the style sheet calls them: `fill-area`, `stroke-ink`.
COLOURS = {
    "#000000": "ink",
    pictures.AREA: "area",
    pictures.SHADES["question"]: "question",
    pictures.SHADES["answer"]: "answer",
    pictures.FAILING: "failing",
}
SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_ATTRIBUTES = {"stroke-width", "stroke-dasharray", "stroke-opacity", "fill-opacity", "opacity", "text-anchor"}
_NUMBERS = {"d", "x", "y", "width", "height", "transform", "stroke-width", "stroke-dasharray"}


def inline(figure: "Figure", name: str, label: str) -> Markup:
    """A figure as an `svg` element.

    Args:
        figure: drawn in the colours of `COLOURS`.
        name: of the figure in its page; letters, digits and hyphens.
        label: what it shows, for those who do not see it.
    """
    import matplotlib.style

    content = BytesIO()
    with matplotlib.style.context(["default", {"svg.fonttype": "none", "svg.hashsalt": name}]):
        figure.savefig(content, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    root = ElementTree.fromstring(content.getvalue())
    view = root.attrib["viewBox"]
    root.attrib.clear()
    root.attrib.update({"viewBox": view, "class": "chart", "role": "img", "aria-label": label})
    _remove(root)
    referred = {match for element in root.iter() for value in element.attrib.values() for match in _referred(value)}
    for element in root.iter():
        _plain(element, name, referred)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _remove(parent: ElementTree.Element) -> None:
    """Remove what a page does not need: metadata, style sheets, invisible shapes."""
    for child in list(parent):
        style = child.get("style", "")
        invisible = "fill: none" in style and "stroke:" not in style
        if invisible or child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):
            parent.remove(child)
        else:
            _remove(child)


def _referred(value: str) -> list[str]:
    """The ids that an attribute refers to."""
    return re.findall(r"(?:url\(|^)#([^)]+)", value)


def _plain(element: ElementTree.Element, name: str, referred: set[str]) -> None:
    """Bring an element into the page's form: without namespaces and `style`, ids only where they are referred to."""
    element.tag = element.tag.removeprefix(f"{{{SVG}}}")
    attributes = {key.removeprefix(f"{{{XLINK}}}"): value for key, value in element.attrib.items()}
    style = attributes.pop("style", "")
    if attributes.get("id") not in referred:
        attributes.pop("id", None)
    attributes |= dict(_presentation(style))
    for key, value in attributes.items():
        if key in _NUMBERS:
            value = re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), value)
            value = re.sub(r"\s+", " ", value.replace("rotate(-0 ", "rotate(0 ")).strip()
        if key == "d":
            value = _shortened(value)
        attributes[key] = re.sub(r"(url\(|^)#", rf"\1#{name}-", value) if _referred(value) else value
    if "id" in attributes:
        attributes["id"] = f"{name}-{attributes['id']}"
    if element.text and not element.text.strip():
        element.text = None
    if element.tail and not element.tail.strip():
        element.tail = None
    element.attrib.clear()
    element.attrib.update(attributes)


def _presentation(style: str) -> Iterator[tuple[str, str]]:
    """A `style` as attributes that say the same."""
    classes = []
    for declaration in style.split(";"):
        key, _, value = (part.strip() for part in declaration.partition(":"))
        if key in ("fill", "stroke"):
            if value == "none":
                yield key, value
            else:
                classes.append(f"{key}-{COLOURS[value]}")
        elif key in _ATTRIBUTES:
            yield key, value
        elif key in ("font", "font-size") and (size := re.search(r"([\d.]+)px", value)):
            yield "font-size", size[1]
    if classes:
        yield "class", " ".join(classes)


def _shortened(path: str) -> str:
    """A path of straight lines without the points that lie between their neighbours on a horizontal or vertical."""
    points = re.findall(r"([ML]) (\S+) (\S+)", path)
    if " ".join(" ".join(point) for point in points) not in (path, path.removesuffix(" z")):
        return path
    kept_points: list[tuple[str, str, str]] = []
    for point in points:
        while len(kept_points) > 1 and any(
            kept_points[-2][axis] == kept_points[-1][axis] == point[axis] for axis in (1, 2)
        ):
            kept_points.pop()
        kept_points.append(point)
    ending = "z" if path.endswith("z") else ""
    return "".join(f"{move}{x} {y}" for move, x, y in kept_points) + ending
