# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of the documentation site share: one browser, and the site that tools/docs.sh has built."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import browser

OUTPUT = Path(__file__).resolve().parents[1] / "output"
SITE, SCREENSHOTS = OUTPUT / "docs" / "html", OUTPUT / "site"


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    assert (SITE / "index.html").exists(), "run tools/docs.sh first"
    with browser.start(tmp_path_factory.mktemp("chromium")) as found:
        yield found
