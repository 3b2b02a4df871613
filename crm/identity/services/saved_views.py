"""Keep a question under a name, change it, share it, drop it (UX-05)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.identity.access import get_own_view, post_departments
from crm.identity.choices import ViewDefault
from crm.identity.models import Department, SavedView, User

MOST_VIEWS: Final = 50


@dataclass(frozen=True, slots=True)
class ViewCard:
    """What a person says about a view: its name, with whom it is shared, when it opens."""

    title: str
    department: Department | None = None
    default: str = ViewDefault.NOBODY


@transaction.atomic
def save_view(
    *, list_name: str, card: ViewCard, query: str, columns: Sequence[str], by: User
) -> SavedView:
    """Keep filters, order and columns of a list under a name.

    Raises ValidationError for a name twice, a strange department, too many views. Rules: UX-05.
    """
    if SavedView.objects.filter(owner=by).count() >= MOST_VIEWS:
        raise ValidationError({"title": _("保存的视图已达上限，请先删除不用的视图")})
    row = SavedView(owner=by, list_name=list_name, query=query, columns=list(columns))
    return _write(row, card, by)


@transaction.atomic
def edit_view(*, view: SavedView, card: ViewCard, by: User) -> SavedView:
    """Rename, share, make it the default. Only the owner; NotFound for others. Rules: UX-05."""
    get_own_view(by, view.pk)
    row = SavedView.objects.select_for_update(of=("self",)).get(pk=view.pk)
    return _write(row, card, by)


@transaction.atomic
def drop_view(*, view: SavedView, by: User) -> None:
    """Forget a view. Only the owner; NotFound for others. Rules: UX-05."""
    get_own_view(by, view.pk).delete()


def _write(row: SavedView, card: ViewCard, by: User) -> SavedView:
    """Check the card and write; a new default takes the place of the owner's old one."""
    if card.department is not None and card.department.pk not in post_departments(by):
        raise ValidationError({"department": _("只能共享给本人任职的部门")})
    row.title, row.department = card.title, card.department
    row.is_default = card.default == ViewDefault.OWNER
    row.is_department_default = card.default == ViewDefault.DEPARTMENT
    row.saved_at = timezone.now()
    if row.is_default:
        same = SavedView.objects.filter(owner=by, list_name=row.list_name, is_default=True)
        same.exclude(pk=row.pk).update(is_default=False)
    row.full_clean()
    row.save()
    return row
