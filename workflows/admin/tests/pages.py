"""A page as the tests read it: its forms, what they hold, and what a strict policy would refuse to run."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

__all__ = ["Form", "Page", "read"]


@dataclass
class Form:
    method: str
    action: str
    name: str
    fields: dict[str, str] = field(default_factory=dict)
    controls: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """What is of interest on a page, by kind."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.nested: list[str] = []
        self.inline: list[str] = []
        self.links: list[dict[str, str]] = []
        self.buttons: dict[str, dict[str, str]] = {}
        self.times: list[dict[str, str]] = []
        self.words = ""
        self._open: list[Form] = []
        self._button: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        self.inline += [f"{tag} {name}" for name in has if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in has and has.get("type") != "application/json"):
            self.inline.append(tag)
        if tag == "form":
            self._open_form(has)
        elif tag in ("input", "select", "textarea") and self._open:
            self._open[-1].controls.append(tag)
            self._open[-1].fields[has.get("name", "")] = has.get("value", "")
        elif tag in ("a", "button"):
            self._button = has
            if tag == "a":
                self.links.append(has)
        elif tag == "time":
            self.times.append(has)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open.pop()
        elif tag in ("a", "button"):
            self._button = None

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        self.words += f" {text}" if text else ""
        if self._button is not None and text:
            self.buttons[text] = self._button

    def _open_form(self, has: dict[str, str]) -> None:
        form = Form(has.get("method", "get").lower(), has.get("action", ""), has.get("id", ""))
        if self._open:
            self.nested.append(form.action)
        self.forms.append(form)
        self._open.append(form)

    def form(self, part: str) -> Form:
        """Return the form whose address or id holds this."""
        return next(form for form in self.forms if part in form.action or part == form.name)


def read(response: Any) -> Page:
    page = Page()
    page.feed(response.content.decode())
    return page
