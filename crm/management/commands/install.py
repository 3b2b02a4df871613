from argparse import ArgumentParser
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from crm.approvals.services import load_routes
from crm.core.errors import DomainError
from crm.core.models import Region
from crm.identity.choices import ADMINISTRATORS, Duty, Profile
from crm.identity.models import Department, User
from crm.identity.services.departments import install_organisation
from crm.identity.services.passwords import FIRST_CODE_LIFE, issue_code
from crm.identity.services.people import install_administrator
from crm.reference import load_reference

LIFE: Final = int(FIRST_CODE_LIFE.total_seconds() // 3600)


class Command(BaseCommand):
    help = (
        "Make an organisation and its three administrators; prints their activation codes, once. "
        "With --renew, a new code for an administrator who has no password yet."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--code", help="short code of the organisation: baota-tobacco")
        parser.add_argument("--name", help="its full legal name")
        parser.add_argument("--profile", choices=Profile.values)
        parser.add_argument("--region", help="six digits, GB/T 2260: where it sits")
        for duty in ADMINISTRATORS:
            parser.add_argument(
                f"--{duty.lower()}", metavar="LOGIN:NAME", help=f"the first {duty.label}"
            )
        parser.add_argument("--renew", metavar="LOGIN")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["renew"]:
                codes = {options["renew"]: renew_code(options["renew"])}
            else:
                codes = install(**_asked(options))
        except DomainError as refusal:
            raise CommandError(str(refusal.message)) from refusal
        except ValidationError as invalid:
            raise CommandError(" ".join(invalid.messages)) from invalid
        for username, code in codes.items():
            self.stdout.write(f"{username}  {code}")
        self.stdout.write(
            f"Shown only now. Each is used once, within {LIFE} hours, at /accounts/activate/."
        )


@transaction.atomic
def install(
    *, code: str, name: str, profile: str, region: str, administrators: dict[Duty, tuple[str, str]]
) -> dict[str, str]:
    """Reference data, organisation, routes, administrators: all of it or nothing.

    Returns log-in → activation code, clear. Raises CommandError, ValidationError, AlreadyDone.
    """
    if profile not in settings.KEDANG_PROFILES:
        raise CommandError(f"KEDANG_PROFILES does not name {profile}: its data is not loaded here")
    if Department.objects.organisations().filter(code=code).exists():
        raise CommandError(f"there is an organisation {code} already; nothing was changed")
    load_reference()
    if not Region.objects.filter(pk=region).exists():
        raise CommandError(f"{region} is no division of GB/T 2260")
    root = install_organisation(code=code, name=name, profile=Profile(profile), region_id=region)
    if profile == Profile.TOBACCO:
        load_routes(organisation=root)
    return {
        login: install_administrator(username=login, name=called, duty=duty, organisation=root)
        for duty, (login, called) in administrators.items()
    }


def renew_code(username: str) -> str:
    """A new code for an administrator who has no password, so nobody's account is taken over."""
    person = User.objects.filter(username=username, is_active=True).first()
    duties = person.posts.filter(duty__in=ADMINISTRATORS, ended_at=None) if person else None
    if person is None or duties is None or not duties.exists():
        raise CommandError(f"{username} is no administrator in service")
    if person.has_usable_password():
        raise CommandError(f"{username} has a password: a security administrator resets it")
    return issue_code(user=person, by=None)


def _asked(options: dict[str, Any]) -> dict[str, Any]:
    """The options of an installation, complete and taken apart."""
    wanted = ("code", "name", "profile", "region", *(duty.lower() for duty in ADMINISTRATORS))
    if missing := [f"--{name}" for name in wanted if not options[name]]:
        raise CommandError(f"missing: {', '.join(missing)}")
    people = {}
    for duty in ADMINISTRATORS:
        login, _colon, called = options[duty.lower()].partition(":")
        if not login or not called:
            raise CommandError(f"--{duty.lower()} is LOGIN:NAME, for example wang.min:王敏")
        people[duty] = (login, called)
    asked = {name: options[name] for name in ("code", "name", "profile", "region")}
    return asked | {"administrators": people}
