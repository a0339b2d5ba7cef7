# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prices: shipped ones, each with its source, and those that the Price List API answers."""

from __future__ import annotations

import json

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.cost import ec2_prices, service_prices
from ansible_collections.kumo.eks.plugins.module_utils.cost.book import PriceBook, find_shipped
from ansible_collections.kumo.eks.plugins.module_utils.cost.price import Price, compute_month
from ansible_collections.kumo.eks.plugins.module_utils.cost.price_list import build_questions, build_request, read_price

TOKYO = "ap-northeast-1"


@pytest.mark.parametrize(
    ("region", "key", "amount"),
    [
        # Price List, offer AmazonEC2 of 2026-09-09: four regions that the tool's method was not made from
        ("ap-south-1", "ec2/m7g.large", 0.0583),
        ("ap-south-1", "ec2/m7i.large", 0.10605),
        ("ap-southeast-1", "ec2/m7g.2xlarge", 0.4080),
        ("ap-southeast-1", "ec2/t4g.large", 0.0848),
        (TOKYO, "ec2/m7g.xlarge", 0.2108),
        (TOKYO, "ec2/t4g.medium", 0.0432),
        (TOKYO, "ec2/m6i.xlarge", 0.248),
        ("us-east-1", "ec2/m7i.large", 0.1008),
        ("ap-southeast-5", "ec2/m7i.large", 0.1071),
        # Karpenter's table: sizes that do not scale, and China, which is paid in CNY
        ("us-east-1", "ec2/g4dn.xlarge", 0.526),
        ("us-east-1", "ec2/c5.metal", 4.08),
    ],
)
def test_shipped_prices_of_instances(region, key, amount):
    price = find_shipped(region, key)
    assert price and price.amount == pytest.approx(amount, abs=0.00006) and price.source and price.as_of


def test_nobody_makes_a_price_up():
    assert find_shipped(TOKYO, "ec2/m5.3xlarge") is None  # a size that EC2 does not have
    assert find_shipped(TOKYO, "ec2/g4dn.xlarge") is None  # a family whose sizes do not scale
    assert find_shipped(TOKYO, "ec2/m99.large") is None
    assert find_shipped("xx-nowhere-1", "ec2/m5.large") is None
    assert find_shipped("eu-west-1", "ebs/gp3") is None
    assert find_shipped("us-gov-west-1", "eks/cluster") is None  # the page of prices is not about GovCloud
    assert find_shipped(TOKYO, "eks/tier-xl") is None and find_shipped(TOKYO, "spot/m5.large") is None


def test_each_price_says_its_source():
    for region, rows in service_prices.PRICES.items():
        for key in rows:
            price = find_shipped(region, key)
            assert price and price.as_of.startswith("2026-") and "AWS Price List, " in price.source, (region, key)
    assert find_shipped("cn-north-1", "ec2/m5.large").currency == "CNY"
    assert find_shipped("eu-west-3", "eks/cluster").source.endswith("https://aws.amazon.com/eks/pricing/")
    assert not find_shipped("eu-west-3", "eks/cluster").verified


def test_the_shipped_tables_are_small_and_whole():
    texts = [*ec2_prices.FAMILIES.values(), *ec2_prices.TYPES.values(), ec2_prices.SIZES]
    assert sum(map(len, texts)) < 100_000
    assert set(ec2_prices.FAMILIES) | set(ec2_prices.TYPES) <= set(ec2_prices.DATES)
    for text in texts[:-1]:
        assert all(0 < float(word.partition("=")[2]) < 2000 for word in text.split())


def test_a_month_has_730_hours_and_tiers_sink():
    assert compute_month(Price(0.10, "x", "y"), 1, "eks/cluster") == pytest.approx(73.0)
    assert compute_month(Price(0.096, "x", "y"), 50, "ebs/gp3") == pytest.approx(4.8)
    hybrid = find_shipped("us-east-1", "eks/hybrid")
    assert compute_month(hybrid, 10, "eks/hybrid") == pytest.approx(10 * 730 * 0.02)
    hours = 1000 * 730  # more than the first tier of 576,000 vCPU-hours
    assert compute_month(hybrid, 1000, "eks/hybrid") == pytest.approx(576_000 * 0.02 + (hours - 576_000) * 0.014)


# The shape of https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
def build_product(usage, steps, unit="Hrs", **attributes):
    rows = {
        str(number): {"beginRange": begin, "endRange": end, "unit": unit, "pricePerUnit": {"USD": amount}}
        for number, (begin, end, amount) in enumerate(steps)
    }
    return json.dumps(
        {
            "product": {"productFamily": "x", "attributes": {"usagetype": usage, **attributes}, "sku": usage},
            "serviceCode": "AWSELB",
            "terms": {"OnDemand": {"a.b": {"priceDimensions": rows}}},
            "publicationDate": "2026-09-25T17:45:21Z",
        }
    )


def test_the_price_list_is_asked_for_what_is_meant():
    (question,) = build_questions(["lb/application", "spot/m5.large"], TOKYO)
    request = build_request(question)
    assert request["ServiceCode"] == "AWSELB"
    assert {"Type": "TERM_MATCH", "Field": "regionCode", "Value": TOKYO} in request["Filters"]
    answers = [
        build_product("APN1-TS-LoadBalancerUsage", [("0", "Inf", "0.0055")]),
        build_product("APN1-LoadBalancerUsage", [("0", "Inf", "0.0243000000")]),
        build_product("APN1-LCUUsage", [("0", "Inf", "0.008")]),
    ]
    price = read_price(question, answers, TOKYO)
    assert price == Price(0.0243, "Price List API, AWSELB, APN1-LoadBalancerUsage", "2026-09-25", True)
    assert read_price(question, answers[:1], TOKYO) is None


def test_throughput_and_tiers_of_the_price_list():
    (question,) = build_questions(["ebs/gp3/throughput"], TOKYO)
    answer = build_product("APN1-EBS:VolumeP-Throughput.gp3", [("0", "Inf", "49.152")], "GiBps-mo")
    assert read_price(question, [answer], TOKYO).amount == pytest.approx(0.048)
    (question,) = build_questions(["eks/hybrid"], "us-east-1")
    steps = [("576000", "Inf", "0.014"), ("0", "576000", "0.02")]
    price = read_price(question, [build_product("USE1-AmazonEKSHybridNodes-Hours:pervCPU", steps)], "us-east-1")
    assert price.amount == 0.02 and price.tiers[0] == (576000.0, 0.02) and price.tiers[1][1] == 0.014


def test_what_was_read_comes_before_what_is_shipped():
    read = Price(0.2, "Price List API", "2026-11-01", True)
    book = PriceBook(TOKYO, {"ec2/m5.large": read})
    assert book.find("ec2/m5.large") is read and book.find("nat").amount == 0.062


def test_windows_is_asked_for_by_its_system():
    (question,) = build_questions(["windows/m5.large"], TOKYO)
    assert ("operatingSystem", "Windows") in question.filters and question.ending == "BoxUsage:m5.large"
    assert find_shipped(TOKYO, "windows/m5.large") is None
