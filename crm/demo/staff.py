"""How the demo hires: every account registered by one administrator, confirmed by another."""

from dataclasses import dataclass
from typing import Final

from allauth.mfa.totp.internal.auth import TOTP
from django.utils import timezone

from crm.identity.choices import DepartmentKind, Duty, Profile
from crm.identity.models import Department, User
from crm.identity.services.departments import (
    DepartmentCard,
    install_organisation,
    save_department,
)
from crm.identity.services.passwords import activate_account
from crm.identity.services.people import (
    PersonCard,
    confirm_person,
    install_administrator,
    register_person,
)
from crm.identity.services.posts import confirm_post, propose_post

PASSWORD: Final = "Shi-Yan-2026-Lan"  # noqa: S105  (known to everybody, for demonstrations only)
TOTP_SECRET: Final = "KEDANGDEMOTOTPSECRET234567KEDANG"  # noqa: S105  (the same)
ADMINISTRATORS: Final = (
    (Duty.SYS, "sysadmin", "罗系统"),
    (Duty.SEC, "secadmin", "岳安全"),
    (Duty.AUD, "auditor", "文审计"),
)


@dataclass(frozen=True, slots=True)
class Hire:
    """Somebody to be hired: log-in, name, duty."""

    username: str
    name: str
    duty: Duty
    department: Department
    mobile: str = ""
    has_password: bool = True


class Office:
    """One organisation with its three administrators, ready to hire."""

    def __init__(
        self, *, code: str, name: str, profile: Profile, region: str, prefix: str = ""
    ) -> None:
        self.organisation = install_organisation(
            code=code, name=name, profile=profile, region_id=region
        )
        for duty, username, called in ADMINISTRATORS:
            self._install(f"{prefix}{username}", called, duty)
        self.sys = User.objects.get(username=f"{prefix}sysadmin")
        self.sec = User.objects.get(username=f"{prefix}secadmin")

    def _install(self, username: str, name: str, duty: Duty) -> None:
        code = install_administrator(
            username=username, name=name, duty=duty, organisation=self.organisation
        )
        person = activate_account(username=username, code=code, password=PASSWORD)
        TOTP.activate(person, TOTP_SECRET)

    def department(
        self,
        code: str,
        name: str,
        kind: DepartmentKind,
        *,
        region: str | None = None,
        parent: Department | None = None,
    ) -> Department:
        """A department below the organisation or another department."""
        card = DepartmentCard(code, name, kind, parent or self.organisation, region)
        return save_department(card=card, by=self.sys)

    def hire(self, wanted: Hire) -> User:
        """Register, confirm, give the post, confirm it; the code is used where he may log in."""
        card = PersonCard(wanted.username, wanted.name, wanted.department, mobile=wanted.mobile)
        person = register_person(card=card, by=self.sys)
        code = confirm_person(person=person, by=self.sec)
        post = propose_post(
            user=person,
            department=wanted.department,
            duty=wanted.duty,
            starts_on=timezone.localdate(),
            by=self.sys,
        )
        confirm_post(post=post, by=self.sec)
        if wanted.has_password:
            activate_account(username=wanted.username, code=code, password=PASSWORD)
        return User.objects.select_related("organisation", "department").get(pk=person.pk)
