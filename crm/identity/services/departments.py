"""The tree of departments below an organisation (D9b)."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from crm.identity.access import ensure_may
from crm.identity.choices import DepartmentKind, IdentityPerm, Profile
from crm.identity.errors import NotOurs
from crm.identity.models import Department, User


@dataclass(frozen=True, slots=True)
class DepartmentCard:
    """What is written down about a department below `parent`."""

    code: str
    name: str
    kind: DepartmentKind
    parent: Department
    region_id: str | None = None
    is_live: bool = True


@transaction.atomic
def install_organisation(
    *, code: str, name: str, profile: Profile, region_id: str | None = None
) -> Department:
    """Make an organisation: a root department that is its own organisation. Rules: D9b."""
    root = Department(
        code=code,
        name=name,
        kind=DepartmentKind.COMPANY,
        profile=profile,
        region_id=region_id,
    )
    root.full_clean()
    root.save()
    root.organisation = root
    root.save(update_fields=["organisation"])
    return root


@transaction.atomic
def save_department(
    *, card: DepartmentCard, by: User, department: Department | None = None
) -> Department:
    """Make a department below another of the own organisation, or change one.

    Raises NotOurs, ValidationError (also for a loop in the tree). Rules: D9b, PM-21.
    """
    ensure_may(by, IdentityPerm.PEOPLE_UPDATE)
    row = department or Department()
    if {card.parent.organisation_id, row.organisation_id or by.organisation_id} != {
        by.organisation_id
    }:
        raise NotOurs(_("只能办理本单位的人员和部门"))
    row.code, row.name, row.kind = card.code, card.name, card.kind
    row.parent, row.organisation_id = card.parent, by.organisation_id
    row.region_id, row.is_live = card.region_id, card.is_live
    row.full_clean()
    row.save()
    return row
