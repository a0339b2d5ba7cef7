# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Japanese pages say what the English ones say: none is missing, and none falls behind."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import translations

PAIRS = translations.list_pairs()
SENTENCE = re.compile(r"[ぁ-んァ-ヶ]")  # letters that only Japanese has


@pytest.mark.parametrize("english", PAIRS, ids=translations.name)
def test_a_page_and_its_translation_are_equal(english: Path):
    japanese = PAIRS[english]
    assert japanese.exists()
    assert list(translations.find_differences(english, japanese)) == []


@pytest.mark.parametrize("english", PAIRS, ids=translations.name)
def test_a_translation_is_japanese(english: Path):
    text = translations.CODE.sub("", translations.read_prose(PAIRS[english]))
    paragraphs = [part for part in re.split(r"\n\s*\n", text) if len(re.findall(r"[A-Za-z]{2,}", part)) > 8]
    assert SENTENCE.search(text) and [part for part in paragraphs if not SENTENCE.search(part)] == []


def test_each_japanese_page_translates_one():
    assert set(translations.JAPANESE.rglob("*.md")) == set(PAIRS.values())


# the comparison itself


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("## 二", "### 二", "levels of headings: '###' stands where"),
        ("## 二\n", "", "levels of headings: None stands where"),
        ("x: 1", "x: 2", "blocks: "),
        ("| 三 | 四 |\n", "", "rows and columns of tables: None"),
        ("(b.md#見出し-b)", "(b.md#heading)", "links: b.md#見出し-b is missing"),
        ("`word`", "`wort`", "code: wort is not in "),
    ],
)
def test_what_differs_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, said: str):
    english, japanese = write_pair(tmp_path, monkeypatch)
    assert list(translations.find_differences(english, japanese)) == []
    japanese.write_text(japanese.read_text().replace(old, new))
    translations.read_prose.cache_clear()
    assert any(said in line for line in translations.find_differences(english, japanese))


def test_a_change_of_the_english_page_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    english, japanese = write_pair(tmp_path, monkeypatch)
    english.write_text(english.read_text().replace("Some text", "Other text"))
    translations.read_prose.cache_clear()
    (line,) = translations.find_differences(english, japanese)
    assert "has changed since it was translated" in line


def write_pair(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two pages with their translations, of which the first links to the second."""
    shutil.rmtree(folder)
    (folder / "docs/ja").mkdir(parents=True)
    monkeypatch.setattr(translations, "ROOT", folder)
    monkeypatch.setattr(translations, "JAPANESE", folder / "docs/ja")
    block = "```yaml use\nx: 1\n```\n"
    for place, texts in {
        "docs/b.md": ["# B\n\n## Heading b\n"],
        "docs/ja/b.md": ["# B\n\n## 見出し b\n"],
        "docs/a.md": [
            "# One\n\n## Two\n\nSome text with `word`, [see](b.md#heading-b).\n\n",
            block,
            "\n| a | b |\n| c | d |\n",
        ],
        "docs/ja/a.md": [
            "# 一\n\n## 二\n\n`word` の文、[参照](b.md#見出し-b)。\n\n",
            block,
            "\n| 一 | 二 |\n| 三 | 四 |\n",
        ],
    }.items():
        (folder / place).write_text("".join(texts))
    translations.read_prose.cache_clear()
    monkeypatch.setattr(translations, "OTHER_PLACES", {})
    translations.stamp_page(folder / "docs/ja/a.md")
    translations.read_prose.cache_clear()
    return folder / "docs/a.md", folder / "docs/ja/a.md"
