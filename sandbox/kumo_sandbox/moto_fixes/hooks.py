"""How rules are put into moto: before a method, or around it; and how they refuse."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn

from moto.ec2.exceptions import EC2ClientError

Method = Callable[..., Any]


def before(owner: type, *names: str) -> Callable[[Method], Method]:
    """Run a check before methods of moto, with their arguments; what it raises is moto's answer."""

    def register(check: Method) -> Method:
        for name in names:
            _wrap(owner, name, lambda original, *args, **options: _check_first(check, original, *args, **options))
        return check

    return register


def around(owner: type, *names: str) -> Callable[[Method], Method]:
    """Replace methods of moto by a function that gets the original as its first argument."""

    def register(replacement: Method) -> Method:
        for name in names:
            _wrap(owner, name, replacement)
        return replacement

    return register


def _wrap(owner: type, name: str, replacement: Method) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    def call(*args: Any, **options: Any) -> Any:
        return replacement(original, *args, **options)

    setattr(owner, name, call)


def _check_first(check: Method, original: Method, *args: Any, **options: Any) -> Any:
    check(*args, **options)
    return original(*args, **options)


def refuse(code: str, message: str) -> NoReturn:
    """Answer an error of EC2."""
    raise EC2ClientError(code, message)
