"""Links between the pages lead somewhere, and what the plan of the house names is there."""

import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*HOUSE.glob("*.md"), *(HOUSE / "docs").rglob("*.md"), HOUSE / "twin" / "engine" / "README.md"]
)


def links(page: Path) -> list[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith("http")]


def anchors(page: Path) -> set[str]:
    """Names of a page's headings as links spell them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOUSE)))
def test_links_lead_to_pages_and_headings_that_are_there(page: Path):
    lost = []
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)

    assert lost == []


def test_the_plan_of_the_house_names_rooms_that_are_there():
    named = re.findall(
        r"`((?:twin|forecasting|optimization|scenarios|dashboards|docs|tests|scripts)/[\w./]*)`",
        (HOUSE / "ARCHITECTURE.md").read_text(encoding="utf-8"),
    )

    assert "twin/checkpoint/" in named
    assert [name for name in named if not (HOUSE / name).exists()] == []


def test_every_room_of_the_ground_floor_is_on_the_plan():
    plan = (HOUSE / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = [folder.name for folder in (HOUSE / "twin").iterdir() if (folder / "__init__.py").is_file()]

    assert [room for room in rooms if f"`twin/{room}/`" not in plan] == []


def test_the_chapters_of_the_engines_are_on_the_plan():
    engines = next(
        line
        for line in re.split(r"\n(?=- )", (HOUSE / "ARCHITECTURE.md").read_text(encoding="utf-8"))
        if line.startswith("- `twin/engine/`")
    )
    chapters = re.findall(r"`(\w+)`", engines)

    assert [name for name in chapters if not (HOUSE / "twin" / "engine" / f"{name}.py").is_file()] == []
