# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes plugins/module_utils/cost/ec2_prices.py, the prices of EC2 instances that are shipped.

Usage: tools/ec2_prices.py --karpenter CHECKOUT --libcloud PRICING_JSON

CHECKOUT is one of https://github.com/aws/karpenter-provider-aws. Its pkg/providers/pricing/zz_generated.pricing_*.go are written
from the Price List API, for us-east-1, GovCloud and China: exact, with their date. PRICING_JSON is libcloud/data/pricing.json of
PyPI's apache-libcloud, which has all regions, and two faults: a type has 0.0 or the price of dedicated tenancy in many regions.

Most families cost the same for each unit of size (large is 4 units, xlarge 8). So the lowest price per unit that several
sizes share is the family's in a region. A family whose sizes do not scale in us-east-1 is left out, and so is one where two sizes or fewer
agree and none is dearer: all of them may be of dedicated tenancy. Tried on the regions that Karpenter has too, that method gives
Karpenter's figure for all families but one (g4dn in GovCloud, which does not scale).
"""

from __future__ import annotations

import argparse
import json
import re
import textwrap
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

TARGET = Path(__file__).parents[1] / "plugins" / "module_utils" / "cost" / "ec2_prices.py"
SIZES = {"nano": 0.25, "micro": 0.5, "small": 1, "medium": 2, "large": 4, "xlarge": 8}
SAME = 0.003  # of each other, as AWS rounds
FILES = ("aws", "aws_us_gov", "aws_cn")
HEAD = '''# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prices of EC2 instances by the hour: Linux, on demand, shared tenancy. Written by tools/ec2_prices.py, which says how. Pure.

A family has its price for one unit of size: nano 0.25, micro 0.5, small 1, medium 2, large 4, xlarge 8, Nxlarge 8 * N. A type with another
price has its own. A family or type that is in neither has no price here.
"""

from __future__ import annotations

'''
Prices = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--karpenter", type=Path, required=True)
    parser.add_argument("--libcloud", type=Path, required=True)
    args = parser.parse_args()
    exact = read_karpenter(args.karpenter)
    dated, rows = read_libcloud(args.libcloud)
    scaling = list_scaling(exact["us-east-1"][1])
    regions = {region: (date, "karpenter", *split(prices)) for region, (date, prices) in exact.items()}
    for region in sorted({name for prices in rows.values() for name in prices} - set(exact)):
        families = {family: unit for family in scaling if (unit := find_unit(rows, region, family))}
        regions[region] = (dated, "libcloud", families, {})
    known = {*rows, *(name for _date, prices in exact.values() for name in prices)}
    TARGET.write_text(HEAD + "".join([*format_tables(regions), format_sizes(known)]))


def read_karpenter(checkout: Path) -> dict[str, tuple[str, Prices]]:
    """By region the date, and the price of each type."""
    found: dict[str, tuple[str, Prices]] = {}
    for name in FILES:
        text = (checkout / f"pkg/providers/pricing/zz_generated.pricing_{name}.go").read_text()
        date = re.search(r"generated at (\d{4}-\d\d-\d\d)", text)[1]  # type: ignore[index]
        for region, body in re.findall(r'\n\t"([\w-]+)": \{(.*?)\n\t\},', text, re.DOTALL):
            found[region] = (date, {type_: float(price) for type_, price in re.findall(r'"(\S+?)": ([\d.]+)', body)})
    return found


def read_libcloud(path: Path) -> tuple[str, dict[str, Prices]]:
    """The date, and by type the price in each region."""
    data = json.loads(path.read_text())
    return f"{datetime.fromtimestamp(data['updated'], UTC):%Y-%m-%d}", data["compute"]["ec2_linux"]


def count_units(size: str) -> float | None:
    """The units of a size; None for one whose name does not say it, like metal."""
    match = re.fullmatch(r"(\d+)xlarge", size)
    return 8 * int(match[1]) if match else SIZES.get(size)


def is_same(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * max(one, other)


def group_families(prices: Prices) -> dict[str, Prices]:
    families: dict[str, Prices] = defaultdict(dict)
    for name, price in prices.items():
        family, dot, size = name.partition(".")
        if dot:
            families[family][size] = price
    return families


def list_units(sizes: Prices) -> list[float]:
    """The price per unit of each size that costs something."""
    return sorted(price / units for size, price in sizes.items() if price and (units := count_units(size)))


def split(prices: Prices) -> tuple[Prices, Prices]:
    """The families by the price per unit that most of their sizes have, and the types that have another."""
    families, types = {}, {}
    for family, sizes in group_families(prices).items():
        units = list_units(sizes)
        unit = max(units, key=lambda one: sum(is_same(one, other) for other in units)) if units else None
        same = {size for size, price in sizes.items() if unit and (n := count_units(size)) and is_same(unit * n, price)}
        if len(same) > 1 and unit:
            families[family] = unit
        types |= {f"{family}.{size}": price for size, price in sizes.items() if len(same) < 2 or size not in same}
    return families, types


def list_scaling(prices: Prices) -> list[str]:
    """The families all of whose sizes cost the same per unit, but for metal and rounded ones."""
    found = []
    for family, sizes in sorted(group_families(prices).items()):
        units = list_units(sizes)
        if units and units[-1] <= units[0] * 1.02:
            found.append(family)
    return found


def find_unit(rows: dict[str, Prices], region: str, family: str) -> float | None:
    """The price per unit of a family in a region, None where it cannot be told from that of dedicated tenancy."""
    sizes = {
        name.partition(".")[2]: row.get(region, 0.0) for name, row in rows.items() if name.startswith(f"{family}.")
    }
    units = list_units(sizes)
    same = [unit for unit in units if is_same(unit, units[0])]
    return units[0] if len(same) > 2 or (len(same) == 2 and len(units) > 2) else None


def format_tables(regions: dict[str, tuple[str, str, Prices, Prices]]) -> list[str]:
    """The tables as Python. Several short strings, because a line has its limit."""
    dates = "".join(f'    "{region}": ("{row[1]}", "{row[0]}"),\n' for region, row in sorted(regions.items()))
    found = [f"# By region: which source, and its date\nDATES = {{\n{dates}}}\n"]
    for name, column in (("FAMILIES", 2), ("TYPES", 3)):
        rows = {region: row[column] for region, row in sorted(regions.items()) if row[column]}  # type: ignore[misc]
        found.append(f"{name} = {{\n" + "".join(map(format_row, rows.items())) + "}\n")
    return found


def format_row(row: tuple[str, Prices]) -> str:
    region, prices = row
    words = " ".join(f"{name}={price:.7g}" for name, price in sorted(prices.items()))
    lines = textwrap.wrap(words, 105, break_on_hyphens=False, break_long_words=False)
    return f'    "{region}": (\n' + "".join(f'        "{line} "\n' for line in lines) + "    ),\n"


def format_sizes(names: set[str]) -> str:
    """The sizes of each family: the price of a family is not that of a size that EC2 does not have."""
    families = group_families(dict.fromkeys(names, 1.0))
    words = " ".join(
        f"{family}={','.join(sorted(sizes, key=order_size))}" for family, sizes in sorted(families.items())
    )
    lines = textwrap.wrap(words, 110, break_on_hyphens=False, break_long_words=False)
    return "SIZES = (\n" + "".join(f'    "{line} "\n' for line in lines) + ")\n"


def order_size(size: str) -> tuple[float, str]:
    return count_units(size) or 1e6, size


if __name__ == "__main__":
    main()
