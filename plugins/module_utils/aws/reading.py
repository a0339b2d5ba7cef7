# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks that a result can do without: it then says why something is not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import format_aws_error
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, is_service_failure
from ansible_collections.kumo.eks.plugins.module_utils.core.reading import Read


def read_or_note(look: Callable[[], Any]) -> Read:
    """What a look finds, or why it cannot be had: denied, not reachable, not there."""
    try:
        return Read(look(), "")
    except Exception as error:
        if not is_service_failure(error):
            raise
        return Read(None, error.message if isinstance(error, EksError) else format_aws_error(error) or str(error))
