"""Public SSM parameters that moto does not have."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from typing import Any


def offer_parameters(prefixes: tuple[str, ...], list_parameters: Callable[[str], Iterable[tuple[str, str]]]) -> None:
    """Let moto's parameter store have these parameters below the prefixes, each region's when it is first asked for."""
    from moto.ssm.models import Parameter, ParameterDict

    if hasattr(ParameterDict, "_load_other_services"):
        return
    load_others = ParameterDict._check_loading_status

    def load(store: Any, key: str) -> None:
        load_others(store, key)
        if str(key or "").startswith(prefixes) and not store.__dict__.get("_offered_loaded"):
            store.__dict__["_offered_loaded"] = True
            moment = datetime.datetime.now(datetime.UTC)
            for name, value in list_parameters(store.region_name):
                made = Parameter(
                    store.account_id, name, value, "String", None, None, None, moment, version=1, data_type="text"
                )
                dict.__setitem__(store, name, [made])

    ParameterDict._load_other_services = load_others
    ParameterDict._check_loading_status = load
