# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What eks_irsa_info can find broken, read from its source: each check with its causes and cures.

A text is a template: what the code fills in is ``...``, which matches anything.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from types import SimpleNamespace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.identity import diagnosis as irsa_chain

ANY = "..."
TREE = ast.parse(inspect.getsource(irsa_chain))
FUNCTIONS = {node.name: node for node in ast.walk(TREE) if isinstance(node, ast.FunctionDef)}


@dataclass(frozen=True)
class Finding:
    """A check with a cause and its cure; ``check`` is ``...`` for what any check may say."""

    check: str
    cause: str
    cure: str

    def matches(self, check: str, cause: str, cure: str) -> bool:
        pairs = ((self.check, check), (self.cause, cause), (self.cure, cure))
        return all(re.fullmatch(re.escape(mine).replace(r"\.\.\.", ".*"), text) for mine, text in pairs)


def checks() -> list[str]:
    """The chain's checks, in their order: those of a walk that ends at the first one."""
    facts = SimpleNamespace(namespace="", account="", audience="", exchanging=False, describe_cluster=lambda: None)
    return [check.check for check in irsa_chain.Diagnosis(facts).run()]


def findings() -> list[Finding]:
    """All that the chain can find broken, in the order of the source."""
    found = [
        Finding(check, cause, cure)
        for function in FUNCTIONS.values()
        for call in ast.walk(function)
        if _is_broken_link(call)
        for check in _links(call.args[0], function)
        for cause, cure in _pairs(call, function)
    ]
    return list(dict.fromkeys(found))


def _is_broken_link(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Check"):
        return False
    return isinstance(node.args[1], ast.Constant) and node.args[1].value is False


def _links(node: ast.expr, function: ast.FunctionDef) -> list[str]:
    """A check's name, or those with which the function is called that is given it."""
    if isinstance(node, ast.Constant):
        return [node.value]
    called = [
        call.args[0].value
        for call in ast.walk(TREE)
        if isinstance(call, ast.Call) and _method(call) == function.name and isinstance(call.args[0], ast.Constant)
    ]
    return called or [ANY]


def _pairs(call: ast.Call, function: ast.FunctionDef) -> list[tuple[str, str]]:
    """Cause and cure of a broken check, in the places four and five or from a pair of them."""
    cause = call.args[3]
    if isinstance(cause, ast.Starred):
        return _returned(_method(_assigned(cause.value, function)[0]))
    together = _assigned_together(cause, call.args[4], function)
    return together or list(product(_texts(cause, function), _texts(call.args[4], function)))


def _returned(method: str) -> list[tuple[str, str]]:
    """The pairs that a method returns."""
    function, found = FUNCTIONS[method], []
    for node in ast.walk(function):
        if not isinstance(node, ast.Return):
            continue
        if isinstance(node.value, ast.Tuple):
            found += _pairs_of(node.value, function)
        elif isinstance(node.value, ast.Call):
            found += _returned(_method(node.value))
    return found


def _pairs_of(pair: ast.Tuple, function: ast.FunctionDef) -> list[tuple[str, str]]:
    """A pair, or where it wraps another method's, each of those in its wrapping."""
    second = pair.elts[1]
    if isinstance(second, ast.Subscript):
        inner = _returned(_method(_assigned(second.value, function)[0]))
        head = _text(pair.elts[0], function).removesuffix(ANY)
        return [(head + cause, cure) for cause, cure in inner]
    return [(_text(pair.elts[0], function), _text(second, function))]


def _assigned_together(cause: ast.expr, cure: ast.expr, function: ast.FunctionDef) -> list[tuple[str, str]]:
    """``cause, cure = TABLE.get(key, (cause, cure))``."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            if [_name(part) for part in node.targets[0].elts] == [_name(cause), _name(cure)]:
                table = getattr(irsa_chain, node.value.func.value.id)
                return [*table.values(), ast.literal_eval(node.value.args[1])]
    return []


def _texts(node: ast.expr, function: ast.FunctionDef) -> list[str]:
    """The texts that an argument may be."""
    if isinstance(node, ast.Name) and not hasattr(irsa_chain, node.id):
        return [text for value in _assigned(node, function) for text in _texts(value, function)] or [ANY]
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body, function), *_texts(node.orelse, function)]
    return [_text(node, function)]


def _text(node: ast.expr, function: ast.FunctionDef) -> str:
    """The text of an expression; what only a run can tell is ``...``."""
    if isinstance(node, ast.JoinedStr):
        return re.sub(r"(\.\.\.)+", ANY, "".join(_text(part, function) for part in node.values))
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, function)
    if isinstance(node, ast.Name) and not hasattr(irsa_chain, node.id):
        values = _assigned(node, function)
        return _text(values[0], function) if len(values) == 1 and isinstance(values[0], ast.JoinedStr) else ANY
    value = _value(node)
    return value if isinstance(value, str) else ANY


def _value(node: ast.expr) -> Any:
    """The value of a constant, of this module's or of one that it imports."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return getattr(irsa_chain, node.id, None)
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value), node.attr, None)
    return None


def _assigned(node: ast.expr, function: ast.FunctionDef) -> list[ast.expr]:
    """What a name of the function is set to."""
    return list(_assignments(_name(node), function))


def _assignments(name: str | None, function: ast.FunctionDef) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _name(node.targets[0]) == name:
            yield node.value


def _name(node: ast.expr) -> str | None:
    return node.id if isinstance(node, ast.Name) else None


def _method(call: ast.expr) -> str:
    return call.func.attr if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else ""
