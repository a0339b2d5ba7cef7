# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What two recordings tell differently, and what is no difference."""

from __future__ import annotations

import pytest
from comparison import compare
from prices import format_prices, list_prices


def call(operation="DescribeCluster", at=0.0, service="eks", **words):
    return {"service": service, "operation": operation, "parameters": {}, "at": at, "seconds": 0.1, **words}


def cluster(at=0.0, **members):
    return call(at=at, answer={"cluster": {"name": "c", "status": "ACTIVE", **members}})


SAME = [
    cluster(createdAt="time:2026-11-26T09:00:00+00:00", vpcId="vpc-0123456789abcdef0", tags={"a": "b"}),
    cluster(createdAt="time:2025-01-01T00:00:00+00:00", vpcId="vpc-0fedcba9876543210", tags={"c": "d"}),
]


def test_what_is_made_up_anew_is_no_difference():
    assert compare(SAME[:1], SAME[1:]) == []


@pytest.mark.parametrize(
    ("aws", "sandbox", "line"),
    [
        (
            cluster(deletionProtection=False),
            cluster(),
            "AWS answers cluster.deletionProtection (boolean), the sandbox leaves it out",
        ),
        (cluster(), cluster(novel={"a": 1}), "the sandbox answers cluster.novel (structure), AWS leaves it out"),
        (cluster(number="1"), cluster(number=1), "cluster.number is string at AWS, number in the sandbox"),
        (cluster(scaling=2), cluster(scaling=3), "cluster.scaling is 2 at AWS, 3 in the sandbox"),
        (
            call(error="ResourceInUseException", message="No: i-0123456789abcdef0"),
            call(answer={}),
            "AWS refuses with ResourceInUseException (No: i-ID), the sandbox does not",
        ),
        (
            call(error="ClientException", message="One"),
            call(error="ClientException", message="Other"),
            "ClientException says One at AWS, Other in the sandbox",
        ),
    ],
)
def test_a_difference_is_a_line(aws, sandbox, line):
    lines = compare([aws], [sandbox])
    assert f"eks:DescribeCluster: {line}" in lines and len(lines) <= 2


def test_members_below_a_missing_one_are_not_told_again():
    lines = compare([cluster(novel={"a": {"b": [1]}})], [cluster()])
    assert lines == ["eks:DescribeCluster: AWS answers cluster.novel (structure), the sandbox leaves it out"]


def test_values_that_change_on_a_side_are_no_default():
    assert compare([cluster(at=1, count=1), cluster(at=2, count=2)], [cluster(count=1)]) == []


def test_operations_of_one_side_only():
    other = call("ListInsights", answer={})
    assert compare([*SAME, other], SAME) == ["eks:ListInsights: AWS was asked, the sandbox was not"]
    assert compare(SAME, [*SAME, other]) == ["eks:ListInsights: the sandbox was asked, AWS was not"]


def states(*rows):
    return [call(at=at, answer={"cluster": {"name": "c", "status": status}}) for at, status in rows]


def test_durations_of_states():
    aws = states((0, "CREATING"), (300, "CREATING"), (600, "ACTIVE"))
    sandbox = states((0, "CREATING"), (100, "ACTIVE"))
    assert compare(aws, sandbox) == ["cluster CREATING: took 600 s at AWS, 100 s in the sandbox"]
    assert compare(aws, sandbox, durations=False) == []
    assert compare(aws, states((0, "CREATING"), (540, "ACTIVE"))) == []


def test_the_duration_of_a_deletion_ends_with_what_is_not_found():
    gone = call(at=200, error="ResourceNotFoundException", message="No cluster found for name: c.")
    gone["parameters"] = {"name": "c"}
    aws = [*states((0, "DELETING")), gone]
    sandbox = [*states((0, "DELETING")), {**gone, "at": 20.0}]
    assert compare(aws, sandbox) == ["cluster DELETING: took 200 s at AWS, 20 s in the sandbox"]


def test_prices_have_a_sum():
    config = {
        "vpc": {"nat": {"gateway": "HighlyAvailable"}},
        "managedNodeGroups": [{"name": "g", "desiredCapacity": 2, "instanceType": "m5.large", "volumeSize": 50}],
    }
    rows = dict(list_prices(config, "us-east-1"))
    assert rows["2 NAT gateways with their addresses"] == pytest.approx(0.10)
    assert rows["2 nodes of g (m5.large)"] == pytest.approx(2 * (0.096 + 50 * 0.096 / 730))
    assert f"{sum(rows.values()):8.3f} $  by the hour" in format_prices(config, "us-east-1")
    assert "Prices of eu-west-1 are not known here" in format_prices(config, "eu-west-1")
