"""Keep how a person has a list, and forget it (UX-06)."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from crm.identity.models import ListLook, User


@transaction.atomic
def keep_look(
    *, list_name: str, columns: Sequence[str], widths: Mapping[str, str], density: str, by: User
) -> ListLook:
    """Keep columns in their order, widths that differ from the usual, and the density of rows.

    Raises ValidationError for a density or a list that is none. Rules: UX-06.
    """
    row, _new = ListLook.objects.select_for_update(of=("self",)).get_or_create(
        user=by, list_name=list_name
    )
    row.columns, row.widths, row.density = list(columns), dict(widths), density
    row.full_clean()
    row.save()
    return row


@transaction.atomic
def reset_look(*, list_name: str, by: User) -> None:
    """Back to how the list comes. Rules: UX-06."""
    ListLook.objects.filter(user=by, list_name=list_name).delete()
