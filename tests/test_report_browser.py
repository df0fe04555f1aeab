"""The report in a real browser: it opens from disk, works by keyboard, and nothing in a document can do anything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpora import hostile, ordinary

from cleanzh.report.html import write_report

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; it is in the group test")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("no chromium; apt-get install chromium, or name one in CHROMIUM", allow_module_level=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The reports of both corpora, where nothing else lies."""
    from cleanzh.run import clean_files

    folder = tmp_path_factory.mktemp("reports")
    made = {}
    for name, corpus in (("ordinary", ordinary), ("hostile", hostile)):
        clean_files([corpus(folder / name)], folder / f"{name}-out")
        made[name] = write_report(folder / f"{name}-out", folder / f"{name}.html")
    return made


class Opened:
    """A page, with all that it asked for or complained about."""

    def __init__(self, browser: Any, path: Path, *, width: int = 1280, **context: Any) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **context)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        self.page.goto(path.as_uri())


@pytest.fixture
def opened(browser: Any, pages: dict[str, Path]) -> Iterator[Any]:
    contexts = []

    def open_(name: str, **options: Any) -> Opened:
        made = Opened(browser, pages[name], **options)
        contexts.append(made.context)
        return made

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", ["ordinary", "hostile"])
def test_it_opens_from_disk_without_a_word_or_a_request(opened: Any, name: str) -> None:
    one = opened(name)
    for article in one.page.query_selector_all("article details"):
        article.evaluate("details => details.open = true")
    for row in one.page.query_selector_all("tbody"):
        row.evaluate("row => row.classList.add('is-open')")
    one.page.mouse.move(300, 400)
    assert one.complaints == []
    assert [url for url in one.requests if not url.startswith("file://")] == []
    assert len(one.requests) == 1
    assert one.page.title() == "Run report · cleanzh"


def test_documents_can_not_fake_or_break_the_page(opened: Any) -> None:
    one = opened("hostile")
    page = one.page
    assert page.evaluate("document.querySelectorAll('script').length") == 2
    assert page.evaluate("document.querySelectorAll('.corpus *:not(i,bdi,b,del,ins,mark,span,small)').length") == 0
    # What looks like a label inside of a document stays inside of its box, in an isolated run of text.
    for selector in (".corpus", ".text", "bdi"):
        assert page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).unicodeBidi") in (
            "isolate",
            "plaintext",
        )
    assert page.evaluate("getComputedStyle(document.querySelector('article .text')).contain") == "paint"
    assert page.evaluate("document.body.innerText.includes('\\u202e')") is False
    assert page.locator("nav a").count() == 4
    assert page.locator("main > section").count() == 4


@pytest.mark.parametrize("width", [360, 768, 1600])
@pytest.mark.parametrize("name", ["ordinary", "hostile"])
def test_nothing_is_wider_than_the_screen(opened: Any, name: str, width: int) -> None:
    page = opened(name, width=width).page
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate("document.querySelectorAll('tbody').forEach(one => one.classList.add('is-open'))")
    page.evaluate("document.querySelectorAll('article').forEach(one => one.style.contentVisibility = 'visible')")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def until(page: Any, condition: str) -> None:
    """Wait until an expression is true; the policy of the page forbids what Playwright would do."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    pytest.fail(f"never true: {condition}")


def order(page: Any, column: int) -> list[str]:
    cells = page.eval_on_selector_all(
        "tbody:not([hidden])", f"rows => rows.map(row => row.rows[0].cells[{column}].textContent)"
    )
    return [cell.replace(",", "") for cell in cells]


def test_rules_sort_and_filter(opened: Any) -> None:
    page = opened("ordinary").page
    largest = [int(cell) for cell in order(page, 4)]
    assert largest == sorted(largest, reverse=True)
    page.get_by_role("button", name="Hits").click()
    hits = [int(cell) for cell in order(page, 1)]
    assert hits == sorted(hits, reverse=True)
    assert page.locator("thead th").nth(1).get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="Hits").click()
    assert [int(cell) for cell in order(page, 1)] == hits[::-1]
    page.get_by_role("button", name="Rule").click()
    names = page.eval_on_selector_all("tbody:not([hidden]) .open code", "all => all.map(one => one.textContent)")
    assert names == sorted(names)
    page.get_by_label("Find a rule or reason").fill("pinyin note")
    left = order(page, 0)
    assert left
    assert all("pinyin" in row for row in left)
    page.get_by_label("Find a rule or reason").fill("")
    page.get_by_label("Family").select_option("f-punctuation")
    assert all(row.startswith("punctuation.") for row in order(page, 0))
    assert page.locator("#rule-count").inner_text().startswith(f"{len(order(page, 0))} of ")


def test_everything_opens_by_keyboard(opened: Any) -> None:
    page = opened("ordinary").page
    page.locator("tbody .open").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("tbody .open").first.get_attribute("aria-expanded") == "true"
    assert page.locator("tbody .more").first.is_visible()
    page.keyboard.press("Space")
    assert not page.locator("tbody .more").first.is_visible()
    page.locator("#d0 summary").focus()
    page.keyboard.press("Enter")
    text = page.locator("#d0 .text")
    text.focus()
    page.keyboard.press("ArrowRight")
    until(page, "document.activeElement.matches('#d0 .e')")
    until(page, "!document.getElementById('card').hidden")
    first = page.evaluate("[...document.querySelectorAll('#d0 .e')].indexOf(document.activeElement)")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("[...document.querySelectorAll('#d0 .e')].indexOf(document.activeElement)") == first + 1
    card = page.locator("#card")
    until(page, "!document.getElementById('card').hidden")
    assert "." in card.locator("code").first.inner_text()
    assert card.locator("p").first.inner_text().strip() != card.locator("code").first.inner_text()
    assert page.evaluate("document.activeElement.getAttribute('aria-describedby')") == "card"
    page.keyboard.press("Escape")
    assert not card.is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#d0 .text') === null")


def test_every_bar_leads_to_its_examples(opened: Any) -> None:
    page = opened("ordinary").page
    assert page.locator(".charts a.row").count() > 30
    pictures = page.locator("figure.chart")
    assert pictures.count() >= 8  # how many depends on what the run has found
    for number in range(pictures.count()):
        bar = pictures.nth(number).locator("a.row").last
        target = str(bar.get_attribute("href"))
        bar.focus()
        page.keyboard.press("Enter")
        until(page, f"document.querySelector('{target}').offsetParent !== null")
        if target.startswith("#d"):
            until(page, f"document.querySelector('{target} details').open")
    flag = page.locator(".charts a.row", has_text="damage.hole")
    flag.click()
    shown = page.locator("article.document:visible")
    assert shown.count() == 2
    assert all("damage.hole" in words for words in shown.locator("summary").all_text_contents())


@pytest.mark.parametrize("width", [360, 1600])
def test_a_rule_that_a_bar_leads_to_can_be_read(opened: Any, width: int) -> None:
    page = opened("ordinary", width=width).page
    page.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
    bar = page.locator(".charts a.row", has_text="punctuation.half-width").first
    target = str(bar.get_attribute("href"))
    bar.focus()
    page.keyboard.press("Enter")
    until(page, f"document.querySelector('{target} .more').offsetParent !== null")
    name = page.locator(f"{target} .open code").bounding_box()
    head = page.locator("thead th").first.bounding_box()
    assert name["y"] >= head["y"] + head["height"], "below the head of the table, which sticks"
    assert name["height"] < 50
    assert head["width"] > 0.35 * width
    until(page, "document.querySelector('nav a[aria-current=true]').hash === '#rules'")


def test_views_and_marks(opened: Any) -> None:
    page = opened("ordinary").page
    article = page.locator("article.document", has_text="001_004353ab05bf9ada.txt").first
    article.locator("summary").click()
    inline = article.locator(".text p[data-n]").count()
    page.get_by_role("button", name="Side by side").click()
    assert article.locator(".text p.right").count() == inline == article.locator(".text p.left").count()
    assert not article.locator("p.left ins").first.is_visible()
    assert not article.locator("p.right del").first.is_visible()
    page.get_by_role("button", name="After").click()
    assert article.locator(".text p[data-n]").count() == inline
    assert not article.locator("del").first.is_visible()
    gone = article.locator(".text p[data-gone]")
    assert gone.count() > 0
    assert not gone.first.is_visible(), "what is left reads without the gaps"
    page.get_by_role("button", name="In line").click()
    assert gone.first.is_visible()
    assert article.locator("del").first.is_visible()
    chip = article.locator(".chip.f-pinyin")
    chip.click()
    assert chip.get_attribute("aria-pressed") == "false"
    assert article.locator(".e.f-pinyin.off").count() > 40
    assert not article.locator(".e.f-pinyin del").first.is_visible()


def test_changes_can_be_told_without_colour(opened: Any) -> None:
    page = opened("ordinary").page
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    styles = page.evaluate(
        "['del', 'ins'].map(tag => getComputedStyle(document.querySelector('.text .e ' + tag)).textDecorationLine)"
    )
    assert styles == ["line-through", "underline"]


@pytest.mark.parametrize(("locale", "heading"), [("en-US", "Run report"), ("zh-CN", "清洗报告")])
def test_the_language_is_that_of_the_reader(opened: Any, locale: str, heading: str) -> None:
    page = opened("ordinary", locale=locale).page
    assert page.locator("h1").inner_text().endswith(heading)
    other = "English" if locale == "zh-CN" else "中文"
    page.get_by_role("button", name=other).click()
    assert not page.locator("h1").inner_text().endswith(heading)
    page.reload()
    assert not page.locator("h1").inner_text().endswith(heading)


def test_it_reads_without_javascript(opened: Any) -> None:
    page = opened("ordinary", java_script_enabled=False).page
    assert page.locator("table tbody .more").first.is_visible()
    assert not page.locator("#rule-words").is_visible()
    page.locator("#d0 summary").click()
    assert page.locator("#d0 .text").is_visible()


def test_it_prints_on_paper(opened: Any) -> None:
    page = opened("ordinary").page
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert not page.locator("#rule-words").is_visible()
    assert page.locator("table").is_visible()


AXE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-US"), ("dark", "zh-CN")])
def test_axe_finds_nothing(opened: Any, scheme: str, locale: str) -> None:
    sync = pytest.importorskip("axe_playwright_python.sync_playwright", reason="it is in the group test")
    one = opened("ordinary", color_scheme=scheme, locale=locale, bypass_csp=True)
    page = one.page
    page.evaluate("document.querySelectorAll('article.cluster details').forEach(one => one.open = true)")
    page.evaluate("document.querySelectorAll('article.document details').forEach((one, n) => one.open = n < 2)")
    page.evaluate("document.querySelectorAll('tbody').forEach((row, n) => n < 3 && row.classList.add('is-open'))")
    found = sync.Axe().run(page, options={"runOnly": {"type": "tag", "values": AXE}})
    assert found.violations_count == 0, found.generate_report()
