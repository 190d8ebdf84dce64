"""A part of a page as plain HTML, so that a printed report shows the very parts the app shows."""

from __future__ import annotations

from html import escape
from typing import Any

from dash.development.base_component import Component

VOID = {"br", "hr", "img", "input", "col", "wbr"}
NAMES = {
    "className": "class",
    "tabIndex": "tabindex",
    "colSpan": "colspan",
    "rowSpan": "rowspan",
    "htmlFor": "for",
}
LEFT_OUT = {"children", "n_clicks", "tabIndex"}


def to_html(part: Any) -> str:
    """Write a component, a list of them, or words, as HTML; words are escaped, drawings are set in.

    Raises
    ------
    TypeError
        A component that needs a script to exist (a slider, a graph) cannot be printed.
    """
    if part is None or part is False:
        return ""
    if isinstance(part, list | tuple):
        return "".join(to_html(piece) for piece in part)
    if not isinstance(part, Component):
        return escape(str(part))
    if part._namespace != "dash_html_components":
        raise TypeError(f"{part._type} is not plain HTML and has no place in a report")
    tag = part._type.lower()
    given = part.to_plotly_json()["props"]
    inside = given.get("data-svg") or to_html(given.get("children"))
    attributes = "".join(_attribute(name, value) for name, value in given.items())
    return f"<{tag}{attributes}>" + ("" if tag in VOID else f"{inside}</{tag}>")


def _attribute(name: str, value: Any) -> str:
    if name in LEFT_OUT or name == "data-svg" or value is None or value is False:
        return ""
    if name == "style":
        value = ";".join(f"{key}:{said}" for key, said in value.items())
    return f' {NAMES.get(name, name)}="{escape("" if value is True else str(value), quote=True)}"'
