"""The page in a browser: it renders, filters, fetches nothing, and runs nothing that a row holds."""

import shutil

import pytest

from sdrrl_data.report.page import page as html_of
from tests.report.conftest import HOSTILE

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def file(small_run, tmp_path_factory):
    manifest, run = small_run
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html_of(run, manifest), encoding="utf-8")
    return path


@pytest.fixture
def open_page(browser, file):
    """Opens the page in a window; what it asks for and complains about is collected."""
    contexts = []

    def opened(width=1280, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page):
    return open_page()


def total(page):
    return int(page.inner_text("#count").split(" of ")[1].split()[0])


def facet(page, name, value):
    page.select_option(f"#facet-{name}", value)


def test_it_shows_rows_and_fetches_nothing(page, file):
    assert page.locator(".row").count() == 15
    assert page.asked == [file.as_uri()]
    assert page.complaints == []


def test_no_script_of_a_row_runs(page):
    title = page.title()
    for question in HOSTILE:
        page.fill("#search", question[:40])
        assert total(page) >= 1
    page.fill("#search", "onerror")
    assert question_texts(page)[0] == HOSTILE[1]
    assert page.title() == title
    assert page.locator("#list img, #list script").count() == 0
    assert page.complaints == []


def question_texts(page):
    return page.locator(".row .text").all_text_contents()


def test_what_a_row_might_smuggle_in_is_refused_by_the_policy(page):
    refused = []
    page.on("requestfailed", lambda request: refused.append(request.failure))
    image = '<img src="http://127.0.0.1:9/x.png" onerror="document.title=1" style="width: 99px">'
    page.evaluate("markup => document.body.insertAdjacentHTML('beforeend', markup)", image)
    page.wait_for_function("document.images[0].complete")
    assert refused == ["csp"]
    assert page.title() != "1"
    assert page.evaluate("document.images[0].style.width") == ""
    assert len([complaint for complaint in page.complaints if "Content Security Policy" in complaint]) >= 3


def test_filters_leave_what_fits_and_say_how_many(page, small_run):
    manifest, _ = small_run
    facet(page, "step", "judged pairs")
    assert total(page) == manifest.counts.targets["pt"].pairs
    facet(page, "verdict", "kept")
    assert total(page) == manifest.counts.targets["pt"].kept
    page.click("text=show all")
    facet(page, "why", "length")
    assert {badge.strip() for badge in page.locator(".row .badge").all_text_contents()} <= {"dropped", "kept in part"}
    assert page.locator(".row .failures").count() >= page.locator(".row").count()
    assert "(0)" in page.inner_text("#facet-task")


def test_switched_words_are_coloured_and_say_what_they_replace(page):
    facet(page, "task", "code-switched")
    facet(page, "direction", "pt->pt")
    word = page.locator(".row .switched").first
    assert word.get_attribute("title").startswith("instead of: ")
    assert 'class="switched"' in page.locator(".row .text").first.evaluate("text => text.outerHTML")


def test_protected_spans_are_coloured(page):
    page.fill("#search", "print('x')")
    assert "`print('x')`" in page.locator(".row .protected").all_text_contents()
    assert "https://example.org/a_b" in page.locator(".row .protected").all_text_contents()


def test_more_rows_are_shown_on_request(page):
    rows = total(page)
    page.click("#more")
    assert page.locator(".row").count() == min(30, rows)


def test_a_question_is_found_at_every_step(page):
    seed = page.locator(".row .head button").first
    wanted = seed.inner_text()
    seed.click()
    steps = {head.split("·")[0] for head in page.locator(".row .head").all_text_contents()}
    assert page.input_value("#search") == wanted
    assert len(steps) > 1


def test_arabic_runs_from_right_to_left_and_each_text_says_its_language(page):
    page.fill("#search", "السباحة")
    text = page.locator(".row .text").first
    assert text.evaluate("text => getComputedStyle(text).direction") == "rtl"
    assert {"en", "pt"} >= {*page.locator(".row .text").evaluate_all("texts => texts.map((text) => text.lang)")}
    tag = text.locator(".protected").filter(has_text="</b>").first  # seen from its own side, it would read <b/>
    assert tag.evaluate("tag => getComputedStyle(tag).direction") == "ltr"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_window(open_page, width, scheme):
    page = open_page(width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    found = axe.Axe().run(page, options={"resultTypes": ["violations"]})
    assert [each["id"] for each in found.response["violations"] if each["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_in_print_the_form_is_gone_and_the_paper_is_white(page):
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.is_visible("#filters")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
