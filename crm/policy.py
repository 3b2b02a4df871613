"""Every route × method and the right it asks for: one table, printed to docs/permissions.md (D9).

Our own views carry `rules`; routes of libraries stand in LIBRARY below. A route with neither, or
a printed table that drifted, fails `test_permissions`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver

from crm.core.policy import ACTIONS, Door, Perm, Rule, Rules, both, reads, writes

ANYONE, SIGNED_IN, ADMIN = Rule(Door.ANYONE), Rule(Door.SIGNED_IN), Rule(Door.ADMIN)

LIBRARY: Final[dict[str, Rules]] = {
    "account_login": both(ANYONE),
    "account_logout": both(SIGNED_IN),
    "account_inactive": reads(ANYONE),
    "account_change_password": both(SIGNED_IN),
    "account_reauthenticate": both(SIGNED_IN),
    "mfa_authenticate": both(ANYONE),
    "mfa_reauthenticate": both(SIGNED_IN),
    "mfa_index": reads(SIGNED_IN),
    "mfa_activate_totp": both(SIGNED_IN),
    "mfa_deactivate_totp": both(SIGNED_IN),
    "mfa_view_recovery_codes": reads(SIGNED_IN),
    "mfa_generate_recovery_codes": both(SIGNED_IN),
    "mfa_download_recovery_codes": reads(SIGNED_IN),
    "set_language": writes(ANYONE),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One route as people read it in the table."""

    route: str
    name: str
    rules: Rules


def routes() -> Iterator[Line]:
    """Every route of the house; a route nobody has ruled on comes with empty rules."""
    for path, name, callback in _walk(get_resolver().url_patterns):
        yield Line("/" + path, name, _rules_of(path, name, callback))


def _walk(
    patterns: Iterable[Any], prefix: str = "", space: str = ""
) -> Iterator[tuple[str, str, Any]]:
    for entry in patterns:
        here = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _walk(entry.url_patterns, here, inner)
        elif isinstance(entry, URLPattern):
            yield here, f"{space}{entry.name or ''}", entry.callback


def _rules_of(path: str, name: str, callback: Any) -> Rules:
    view = getattr(callback, "view_class", None) or getattr(callback, "cls", None) or callback
    rules = getattr(view, "rules", None)
    if rules:
        return dict(rules)
    if path.startswith("admin/"):
        return both(ADMIN)
    return LIBRARY.get(name, {})


def printed() -> str:
    """The table as Markdown: docs/permissions.md."""
    lines = [
        "# Permissions: every route and the right it asks for",
        "",
        "Made by `manage.py print_permissions`; a test fails when it drifts. Objects and actions",
        "as in `crm/identity/data/rights.csv`: "
        + ", ".join(f"{k} {v}" for k, v in ACTIONS.items())
        + ".",
        "",
        "| route | name | method | object | action | step-up |",
        "|---|---|---|---|---|---|",
    ]
    for line in sorted(routes(), key=lambda found: found.route):
        if line.route.startswith("/admin/"):
            continue
        for method, rule in line.rules.items():
            lines.append(_row(line, method, rule))
    lines.append("| `/admin/…` | admin | all | – | administrators | – |")
    return "\n".join(lines) + "\n"


def _row(line: Line, method: str, rule: Rule) -> str:
    obj = rule.object or "–"
    action = rule.action if isinstance(rule.perm, Perm) else str(rule.perm).replace("_", " ")
    step = "yes" if rule.step_up else "–"
    return f"| `{line.route}` | {line.name} | {method} | {obj} | {action} | {step} |"
