# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables whose values come from AWS: others wrote them, and a template in them is not to be run."""

from __future__ import annotations

import re
from typing import Any

from ansible.utils.unsafe_proxy import wrap_var

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19, which trusts what is not wrapped

    def trust_as_template(value: str) -> str:
        """The value as it is."""
        return value


TEMPLATE = re.compile(r"[{}]")


def mark_foreign(value: Any) -> Any:
    """The value, in which texts that could be templates are data. Dictionaries and lists are copied.

    Others stay plain texts: ansible-inventory prints a marked one as a dictionary, which AWX does not read.
    https://github.com/ansible-collections/community.general/issues/8212
    """
    if isinstance(value, dict):
        return {key: mark_foreign(each) for key, each in value.items()}
    if isinstance(value, list):
        return [mark_foreign(each) for each in value]
    if isinstance(value, str):
        return wrap_var(value) if TEMPLATE.search(value) else trust_as_template(value)
    return value
