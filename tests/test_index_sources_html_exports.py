"""Pages that are no articles of the press: exports of wikis and documents, lists of prices, contact pages, old layouts."""

import pytest

from index.sources.html import read_html

LONG = (
    "<p>The harbour office opens at seven every weekday and closes at noon on Saturdays for the whole season.</p>"
    "<p>Visitors who arrive by boat have to register with the harbour master before they moor at the quay.</p>"
)


def text_of(body: str) -> str:
    return read_html(f"<!doctype html><html><head><title>T</title></head><body>{body}</body></html>".encode()).text


SHOWN = {
    "a bare list": (
        f"{LONG}<p>The fees are:</p><ul><li>Small boats pay 12 euros.</li><li>Large boats pay 25 euros.</li></ul>",
        ["The fees are:\n\n- Small boats pay 12 euros.\n- Large boats pay 25 euros."],
    ),
    "a list of Google Docs": (
        f'<p class="c1 title"><span>Fees</span></p>{LONG}<ol class="lst-kix_a-0" start="2"><li class="c0"><span>Pay at the '
        "office</span></li></ol><table><tr><td><p>Day</p></td><td><p>Hours</p></td></tr><tr><td><p>Monday</p></td><td>"
        "<ul><li>8 to 12</li><li>14 to 16</li></ul></td></tr></table>",
        ["# Fees\n", "2. Pay at the office", "| Day | Hours |\n| --- | --- |\n| Monday | 8 to 12; 14 to 16 |"],
    ),
    "Confluence": (
        f'<div id="main-content" class="wiki-content">{LONG}<div class="table-wrap"><table class="confluenceTable"><tbody>'
        "<tr><th><p>Boat</p></th><th><p>Notes</p></th></tr><tr><td><p>small</p></td><td><ol><li><p>with water</p></li><li><p>"
        'with power</p><ul><li>in May</li></ul></li></ol></td></tr></tbody></table></div><div class="panel"><div>'
        'The crane is out of order.</div></div><div class="expand-container"><div class="expand-content"><p>Members pay half.'
        '</p></div></div><ul class="inline-task-list"><li>Ask the board</li></ul></div>',
        [
            "| Boat | Notes |\n| --- | --- |\n| small | with water; with power (in May) |",
            "The crane is out of order.",
            "Members pay half.",
            "- Ask the board",
        ],
    ),
    "Notion": (
        f'<article class="page sans"><header><h1>Fees</h1></header><div class="page-body">{LONG}<figure class="callout"><div>'
        '<img class="icon" src="x.png"></div><div>Fees rise in May to 14 euros.</div></figure><ul class="toggle"><li>'
        "<details><summary>Small boats</summary><p>They pay 12 euros.</p></details></li></ul></div></article>",
        ["Fees rise in May to 14 euros.", "- Small boats\n\n  They pay 12 euros."],
    ),
    "properties of Notion": (
        '<article class="page"><table class="properties"><tbody><tr><th>Status</th><td>Open</td></tr><tr><th>Tags</th><td>'
        '<span class="selected-value">berth</span><span class="selected-value">quay</span></td></tr></tbody></table>'
        f"{LONG}</article>",
        ["| Tags | berth, quay |"],
    ),
    "signs beside headings": (
        f'<main><h1>Fees<a class="headerlink" href="#fees">¶</a></h1>{LONG}<h2><a href="#boats">Boats</a></h2>'
        f'<span class="mw-editsection">[<a href="/e">edit</a>]</span>{LONG}<ul><li>12 euros</li></ul></main>',
        ["# Fees\n", "## Boats\n\nThe harbour", "- 12 euros"],
    ),
    "a title of Word": (
        f"<div class=WordSection1><p class=MsoTitle>Fees</p>{LONG}<table><tr><td>a</td><td>b</td></tr><tr><td>c</td>"
        "<td>d</td></tr></table></div>",
        ["# Fees\n\nThe harbour"],
    ),
    "terms": (
        f"<article>{LONG}<dl><dt>Berth</dt><dd>A place for one boat.</dd><dt>Fee</dt><dd>12 euros</dd></dl></article>",
        ["- Berth: A place for one boat.\n- Fee: 12 euros"],
    ),
    "lists in lists": (
        f"<article>{LONG}<ol><li>Register<ul><li>with a passport</li></ul></li><li>Pay</li></ol></article>",
        ["1. Register\n   - with a passport\n2. Pay"],
    ),
    "a cell over two rows": (
        f"<main>{LONG}<table><tr><th>Boat</th><th>Season</th><th>Fee</th></tr><tr><td rowspan=2>Small</td><td>Summer</td>"
        "<td>12</td></tr><tr><td>Winter</td><td>8</td></tr></table></main>",
        ["| Small | Summer | 12 |\n| Small | Winter | 8 |"],
    ),
    "heads at the left": (
        f"<main>{LONG}<table><tr><th>Built</th><td>1911</td></tr><tr><th>Load</th><td>5 | 6 t</td></tr></table></main>",
        ["| Built | 1911 |\n", "| Load | 5 \\| 6 t |"],
    ),
    "a box between paragraphs": (
        f"<article>{LONG}<aside class=notice><p>Keep the gate closed at night.</p></aside>{LONG}</article>",
        ["Keep the gate closed at night."],
    ),
    "a second column": (
        f"<main><div>{LONG * 3}</div><div><h2>Prices</h2><ul><li>Day ticket: 4 euros</li><li>Week ticket: 20 euros</li></ul>"
        "</div></main>",
        ["## Prices\n\n- Day ticket: 4 euros\n- Week ticket: 20 euros"],
    ),
    "a table for the layout": (
        f"<table><tr><td><a href=/>Home</a></td><td><h1>Old page</h1>{LONG}<ul><li>Small boats pay 12 euros.</li></ul></td>"
        "</tr></table>",
        ["# Old page\n", "- Small boats pay 12 euros."],
    ),
    "code": (
        f"<article>{LONG}<ul><li>Run <code>a_b_c</code></li></ul><pre>make install\n  make run</pre></article>",
        ["`a_b_c`", "```\nmake install\n  make run\n```"],
    ),
    "a word with soft hyphens": ("<p>The har\u00adbour is closed on all days of May.</p>", ["The harbour is closed"]),
    "a contact page": (
        "<nav><a href=/>Home</a></nav><main><h1>Contact</h1><address>Quay 3<br>28195 Bremen</address><p>Tel. <a "
        "href='tel:+49421'>0421 5550</a></p></main><footer>Imprint</footer>",
        ["# Contact", "Quay 3\n28195 Bremen", "0421 5550"],
    ),
    "prices": (
        "<h1>Fees</h1><ul><li>Small boats: 12 euros</li><li>Large boats: 25 euros</li></ul>",
        ["# Fees\n\n- Small boats: 12 euros\n- Large boats: 25 euros"],
    ),
    "Chinese": ("<h1>价格</h1><ul><li>小船：每晚十二欧元</li></ul>", ["- 小船：每晚十二欧元"]),
    "Japanese": (
        "<h1>港</h1><p><ruby>港<rp>(</rp><rt>みなと</rt></ruby>は七時に開きます。</p>",
        ["港は七時に開きます。"],
    ),
    "Thai": ("<h1>ท่าเรือ</h1><p>สำนักงานท่าเรือเปิดทุกวันเวลาเจ็ดโมงเช้า</p>", ["สำนักงานท่าเรือเปิดทุกวันเวลาเจ็ดโมงเช้า"]),
}


@pytest.mark.parametrize(("body", "wanted"), SHOWN.values(), ids=SHOWN.keys())
def test_what_a_page_shows_is_kept(body: str, wanted: list[str]) -> None:
    text = text_of(body)
    for stretch in wanted:
        assert stretch in text
    for word in ("Home", "Imprint"):
        assert word not in text


HIDDEN = (
    "<p hidden>Secret one is five million.</p>",
    "<div style='color: red; DISPLAY :\tnone'>Secret two is five million.</div>",
    "<ul><li style='visibility:hidden'>Secret three is five million.</li><li>An item that is shown to all.</li></ul>",
    "<template><p>Secret four is five million.</p></template>",
    "<!-- Secret five is five million. -->",
    "<dialog><p>Secret six is five million.</p></dialog>",
    "<details hidden><summary>Secret seven</summary>It is five million.</details>",
    "<p aria-hidden=true>A sentence that is shown to all readers.</p>",
)


@pytest.mark.parametrize("around", ["<article>{}</article>", "{}", "<div>{}</div><p>It closes at noon.</p>"])
def test_what_a_page_hides_is_left_out(around: str) -> None:
    for body in (LONG + "".join(HIDDEN), "".join(HIDDEN)):
        text = text_of(around.format(body))
        assert "Secret" not in text
        assert "five million" not in text
        assert "A sentence that is shown to all readers." in text
        assert "An item that is shown to all." in text


def test_other_texts_of_the_page_stay_out_and_are_told_where_they_are_much() -> None:
    related = "".join(
        f"<div class=teaser><h3><a href=/{n}>Story {n}</a></h3><p>What story {n} is about.</p></div>" for n in "abc"
    )
    comment = "<p>I think that the harbour master is right about the boats, as he always was in all of these years.</p>"
    extracted = read_html(
        f"<body><article>{LONG}<ul><li>Small boats pay.</li></ul></article><div class=related>{related}</div></body>".encode()
    )
    assert "Small boats pay." in extracted.text
    assert "story a" not in extracted.text
    assert extracted.warnings == ()
    extracted = read_html(f"<body><article>{LONG}<div class=comments>{comment * 3}</div></article></body>".encode())
    assert "I think" not in extracted.text
    assert "were left out, the first: 'I think that the harbour master is right" in extracted.warnings[0]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "body",
    [
        f"{LONG}<table>{'<tr><td rowspan=9999 colspan=9999>a</td><td>b</td></tr>' * 30}</table>",
        f"{LONG}<ol>{'<li>Small boats pay.</li>' * 1_500}</ol>",
        f"{LONG}{'<ul><li>' * 3_000}Small boats pay.",
    ],
    ids=["cells that span everything", "a long list", "deep lists"],
)
def test_odd_pages_end(body: str) -> None:
    assert "The harbour office opens" in text_of(body)
