"""Who may log in to the demo, and what he finds to do: printed at the end of `make run`."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from crm.demo import bureau, company
from crm.demo.staff import PASSWORD, TOTP_SECRET
from crm.identity.models import Department, Post, User


@dataclass(frozen=True, slots=True)
class Login:
    """One line of the table."""

    username: str
    name: str
    duty: str
    todo: str


TODO: Final[dict[str, dict[str, str]]] = {
    bureau.NAME: {
        "officer1": "start a registration form (入网办理), send it to the squad leader",
        "squad1": "sign in 审批中心, at telephone width too",
        "monopoly": "sign after the squad leader; then ZM issues the licence by itself",
        "licence": "type a licence by hand, or notify the service centre",
        "manager1": "fill the sales block, tick its tasks, submit",
        "delivery": "give a line; sign as distribution centre",
        "network1": "key a withholding account; sign; enter data; report; activate",
        "network2": "confirm the account that network1 keyed",
        "service": "sign as service centre",
        "deputy": "sign last",
        "centre": "look: the order centre answers by its interface",
        "sysadmin": "people, API clients, dead letters (needs the TOTP code)",
        "secadmin": "confirm people and posts (needs the TOTP code)",
        "auditor": "read the logs (needs the TOTP code)",
    },
    company.REPAIR: {
        "repair-manager1": "register a customer, edit, look at its history",
        "repair-clerk": "manager cards and logistics firms",
        "repair-office": "the assistant of an office: keeps only the firms of 延安办事处",
        "repair-marketing-vp": "see all customers",
        "repair-gm": "see all customers",
        "repair-finance": "see what finance may see",
        "repair-technical": "see what the technical department may see",
        "repair-archive": "the keeper of the archive: files, basics, the tree of units",
        "repair-sysadmin": "the administrators of this company: sysadmin, secadmin, auditor",
    },
    company.OPERATOR: {
        "boss-manager": "cable customers: users, accounts, certificates, lists; a group's members",
        "boss-rep": "at the counter: certificate, account, user, who pays",
        "boss-archive": "the keeper: the same, and lists and free attributes",
        "boss-sysadmin": "define free attributes in 系统管理 (needs the TOTP code)",
    },
}


def demo_logins() -> dict[str, list[Login]]:
    """Organisation → log-ins worth trying first; empty outside the demo or before it is seeded."""
    if not settings.KEDANG_DEMO:
        return {}
    found: dict[str, list[Login]] = {}
    for organisation, todo in TODO.items():
        duties = _duties(organisation, list(todo))
        names = dict(User.objects.filter(username__in=todo).values_list("username", "name"))
        found[organisation] = [
            Login(username, names[username], duties.get(username, ""), text)
            for username, text in todo.items()
            if username in names
        ]
    return {organisation: logins for organisation, logins in found.items() if logins}


def table_of_logins() -> str:
    """The table for the terminal; empty when there is nothing to print."""
    found = demo_logins()
    if not found:
        return ""
    lines = ["", f"Demo log-ins, all with the password  {PASSWORD}"]
    for organisation, logins in found.items():
        lines += ["", organisation]
        lines += [
            f"  {_wide(one.username, 20)}{_wide(one.name, 8)}{_wide(one.duty, 16)}{one.todo}"
            for one in logins
        ]
    lines += ["", f"TOTP secret of every administrator: {TOTP_SECRET}", ""]
    return "\n".join(lines)


def is_seeded() -> bool:
    """Whether the demo's bureau is there already."""
    return bool(Department.objects.organisations().filter(code=bureau.CODE).exists())


def _duties(organisation: str, usernames: list[str]) -> dict[str, str]:
    posts = Post.objects.filter(
        user__username__in=usernames, department__organisation__name=organisation
    )
    return {post.user.username: post.get_duty_display() for post in posts.select_related("user")}


def _wide(text: str, width: int) -> str:
    """Padded by columns of the terminal: a Chinese character takes two."""
    taken = sum(2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in text)
    return text + " " * max(width - taken, 1)
