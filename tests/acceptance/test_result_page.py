"""The page that answers a deposit, as its reader sees it: the daemon writes it, a real Chromium shows and prints it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.crowd import make_deposit, unused_account
from tests.acceptance.hostile import CANARY, raw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.acceptance.program import Program

CHROMIUM = shutil.which("chromium")
NAME = "<img src=x onerror=document.title='run'>&amp;.csv"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not here (Debian's package chromium)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root it starts without its sandbox only.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def written(eager: Program) -> Path:
    """The page of a file of which one row was rejected."""
    content = f"Référence;Email;Prénom\n1;a@example-mail.fr;{CANARY}\n2;{CANARY};x\n".encode("latin-1")
    settled = make_deposit(eager, unused_account(), NAME, raw(content), "import")
    assert settled.state == "ok"
    return settled.beside(".result.html")


def opened(browser: Browser, path: Path, width: int, **options: Any) -> tuple[Page, list[str]]:
    """The page in a window of that width, and what it asked for or complained about."""
    page = browser.new_page(viewport={"width": width, "height": 700}, **options)
    unwanted: list[str] = []
    page.on("request", lambda request: unwanted.append(request.url))
    page.on("console", lambda message: unwanted.append(message.text))
    page.on("pageerror", lambda error: unwanted.append(str(error)))
    page.on("dialog", lambda dialog: unwanted.append(dialog.message))
    page.goto(path.as_uri())
    return page, [each for each in unwanted if each != path.as_uri()]


@pytest.mark.parametrize("width", [320, 1200])
def test_it_is_read_on_a_phone_and_on_a_desk(browser: Browser, written: Path, width: int) -> None:
    """The verdict is the first line and has its colour; the steps name the files; nothing is loaded or runs."""
    page, unwanted = opened(browser, written, width)
    verdict = page.get_by_role("heading", level=1)
    assert (
        verdict.inner_text().replace("\u00a0", " ").endswith("Fichier pris en compte, sauf une ligne rejetée")
    )
    assert page.locator("main > :first-child").get_attribute("class") == "verdict attention"
    colours = "element => { const s = getComputedStyle(element); return [s.color, s.backgroundColor] }"
    assert verdict.evaluate(colours) == ["rgb(255, 255, 255)", "rgb(138, 83, 0)"]
    steps = page.get_by_role("listitem").all_inner_texts()
    assert written.name.removesuffix(".result.html") + ".rejected.csv" in steps[0]
    assert "contacts/import/in/" in steps[1]
    assert page.get_by_role("row", name="rejetées 1").is_visible()
    # A narrow window wraps the longest name instead of scrolling to the side.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert unwanted == []
    page.close()


def test_it_prints_on_paper(browser: Browser, written: Path) -> None:
    """One or two pages, with the verdict's colour."""
    page, _ = opened(browser, written, 800)
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert 1 <= printed.count(b"/Type /Page\n") <= 2
    page.emulate_media(media="print")
    colour = "element => getComputedStyle(element).printColorAdjust"
    assert page.get_by_role("heading", level=1).evaluate(colour) == "exact"
    page.close()


def test_a_hostile_name_is_text_and_no_value_is_shown(browser: Browser, written: Path) -> None:
    """The name stands there as it was uploaded; what the cells contain does not."""
    page, unwanted = opened(browser, written, 800)
    assert page.locator("p.file").inner_text() == NAME
    assert page.locator("img, script").count() == 0
    assert page.title() != "run"
    assert unwanted == []
    assert CANARY not in page.content()
    page.close()
