# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of the support of a Kubernetes version: when it ends, what it costs, and what EKS does then."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.cost.support import (
    find_support_warnings,
    format_support,
    read_support,
)

REGION = "ap-northeast-1"
ENDS = {
    "endOfStandardSupportDate": datetime(2026, 12, 2, tzinfo=UTC),
    "endOfExtendedSupportDate": datetime(2027, 12, 2, tzinfo=UTC),
}
EARLY, LATE = (datetime(2026, 9, day, tzinfo=UTC).timestamp() for day in (2, 3))  # 91 and 90 days before


def build_version(status):
    return {"clusterVersion": "1.34", "versionStatus": status, **ENDS}


def warn(status, support_type="EXTENDED", now=LATE, region=REGION):
    return list(find_support_warnings("my-cluster", build_version(status), support_type, region, now))


def test_the_end_of_standard_support_is_said_ninety_days_before():
    assert warn("STANDARD_SUPPORT", now=EARLY) == []
    (text,) = warn("STANDARD_SUPPORT")
    assert "standard support of Kubernetes 1.34 ends on 2026-12-02" in text
    assert "extended support costs 0.50 USD an hour (365.00 USD a month) more" in text


def test_extended_support_is_said_with_its_dates_and_price():
    (text,) = warn("EXTENDED_SUPPORT", now=EARLY)
    for words in (
        "in extended support since 2026-12-02",
        "0.50 USD an hour (365.00 USD a month) more",
        "until 2027-12-02",
    ):
        assert words in text


@pytest.mark.parametrize("status", ["STANDARD_SUPPORT", "EXTENDED_SUPPORT"])
def test_with_the_policy_standard_nothing_is_charged_and_eks_upgrades(status):
    (text,) = warn(status, "STANDARD")
    assert "2026-12-02" in text and "upgrades the cluster by itself" in text and "USD" not in text


def test_a_version_past_both_is_upgraded():
    (text,) = warn("UNSUPPORTED")
    assert "on 2027-12-02, and upgrades the cluster by itself" in text


def test_a_price_that_nobody_says_is_not_invented():
    (text,) = warn("EXTENDED_SUPPORT", region="us-gov-west-1")
    assert "USD" not in text and "an amount that is not known here" in text


def test_nothing_is_said_of_what_is_not_known():
    assert list(find_support_warnings("my-cluster", {}, "EXTENDED", REGION, LATE)) == []
    assert list(format_support("my-cluster", {}, "EXTENDED", REGION)) == [] and read_support({}) == ""


def test_the_deprecated_status_is_read_where_there_is_no_other():
    assert read_support({"status": "extended-support"}) == "EXTENDED"
