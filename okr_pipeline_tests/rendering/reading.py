"""HTML read back with the standard library: what a person or a screen reader gets from a page.

Belongs here: a small tree with its visible text. Does not: knowledge of what the page should say.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "img", "br", "link", "input", "hr", "base", "wbr", "col"})


@dataclass
class Element:
    name: str
    attributes: dict[str, str]
    children: list["Element | str"] = field(default_factory=list)

    def all(self, name: str | None = None, **attributes: str) -> Iterator["Element"]:
        """Elements below this one, by name and attributes (`cls` asks for one of its classes)."""
        for child in self.children:
            if isinstance(child, Element):
                if name in {None, child.name} and child.has(**attributes):
                    yield child
                yield from child.all(name, **attributes)

    def one(self, name: str | None = None, **attributes: str) -> "Element":
        found = list(self.all(name, **attributes))
        assert len(found) == 1, (name, attributes, len(found))
        return found[0]

    def has(self, *, cls: str | None = None, **attributes: str) -> bool:
        classes = self.attributes.get("class", "").split()
        wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
        return (cls is None or cls in classes) and all(
            self.attributes.get(name) == value for name, value in wanted.items()
        )

    @property
    def text(self) -> str:
        """What is seen: without what is hidden from the eye."""
        if self.has(cls="vh"):
            return ""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def words(self) -> str:
        return " ".join(self.text.split(" ")).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("document", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"</{tag}> closes <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(html: str) -> Element:
    """The tree of a page; every element must be closed in order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1, f"<{reader.open[-1].name}> is not closed"
    return reader.open[0]


def cells(row: Element) -> dict[str, str]:
    """The first line of each labelled cell of a table row: the figure, without the notes below it."""
    found = {}
    for cell in row.all("td"):
        label = cell.attributes.get("data-label")
        if label:
            figure = [child for child in cell.children if isinstance(child, str) or not child.has(cls="small")]
            found[label] = "".join(child if isinstance(child, str) else child.text for child in figure).strip(" \n")
    return found
