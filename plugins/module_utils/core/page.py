# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A page of HTML that needs nothing else: no script, no font, no image.

It can be read on a phone, on paper, in the dark and by a screen reader. Audits and costs have one style. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --text: #1b1f24; --back: #fff; --soft: #f3f4f6; --line: #d0d7de; --muted: #57606a; --bar: #0969da;
  --critical: #8b0032; --high: #b91c1c; --medium: #855a00; --low: #0b5cad; --passed: #176f2c }
@media screen and (prefers-color-scheme: dark) {
  :root { --text: #e6e8eb; --back: #12161c; --soft: #1c222b; --line: #39424e; --muted: #a3adb8; --bar: #4493f8;
    --critical: #ff6b9a; --high: #ff7b72; --medium: #e3b341; --low: #79c0ff; --passed: #56d364 }
}
* { box-sizing: border-box }
body { margin: 0; color: var(--text); background: var(--back); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
main { max-width: 70rem; margin: 0 auto; padding: 1rem }
h1, h2, h3 { line-height: 1.25 }
h1 { font-size: 1.6rem; margin: .5rem 0 } h2 { font-size: 1.3rem; margin: 2rem 0 .5rem } h3 { font-size: 1.05rem; margin: 1.5rem 0 .25rem }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 }
caption { text-align: left; font-weight: 600; padding: .25rem 0 }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .5rem; text-align: left; vertical-align: top; min-width: 4.5rem }
thead th { background: var(--soft) }
.number { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal }
.wide { overflow-x: auto }
.numbers { display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; margin: .5rem 0; list-style: none }
.numbers li { padding: .25rem .75rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--soft) }
.numbers b { font-size: 1.2rem; margin-right: .3rem }
pre { padding: .75rem; background: var(--soft); border-radius: .3rem; font-size: .875rem; white-space: pre-wrap }
.quiet { color: var(--muted); font-size: .9rem }
.warning { color: var(--medium) }
.total { font-size: 1.2rem; font-weight: 600 }
@media screen and (max-width: 40rem) {
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden }
  table, caption, tbody, tr, td { display: block }
  tr { border-bottom: 2px solid var(--line); padding: .4rem 0 }
  td { display: flex; gap: 1rem; border: 0; text-align: left; min-width: 0; padding: .15rem 0 }
  td::before { content: attr(data-label); font-weight: 600; text-align: left; flex: 0 0 6rem }
  td:has(span:empty) { display: none }
}
@media print {
  :root { color-scheme: light }
  main { max-width: none; padding: 0 }
  body { font-size: 10pt } table { font-size: 9pt } pre { font-size: 8pt }
  .wide { overflow: visible }
  tr, li, h1, h2, h3 { break-inside: avoid } h1, h2, h3, caption, thead { break-after: avoid }
}
"""


def build_document(title: str, parts: Iterable[str], style: str = "") -> str:
    """The page of parts that are HTML already, with its own style after the common one."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style>"
    )
    body = "\n".join(filter(None, parts))
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body><main>\n{body}\n</main></body></html>\n'


def build_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "", numbers: Sequence[int] = ()
) -> str:
    """A table of texts. On a narrow screen each cell says the name of its column. ``numbers``: columns that are aligned to the right."""
    kinds = [' class="number"' if index in numbers else "" for index in range(len(columns))]
    head = "".join(f'<th scope="col"{kind}>{escape(text)}</th>' for text, kind in zip(columns, kinds, strict=True))
    body = "".join(f"<tr>{_build_cells(columns, row, kinds)}</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _build_cells(columns: Sequence[str], row: Sequence[str], kinds: Sequence[str]) -> str:
    return "".join(
        f'<td{kind} data-label="{escape(label)}"><span>{escape(text)}</span></td>'
        for label, text, kind in zip(columns, row, kinds, strict=True)
    )


def build_list(texts: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"
