"""Free attributes as columns: an organisation's own fields in its own sheets (B-26)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.identity.models import Department
from crm.imports.kinds import Column, Draft
from customers.choices import Authority, Subject
from customers.models import AttributeDefinition
from customers.selectors.attributes import check_of

PREFIX: Final = f"{Subject.EXTRA}."


def definitions_of(organisation: Department, party: str) -> list[AttributeDefinition]:
    """What it keeps itself of customers of that kind today; others' fields are no columns."""
    rows = AttributeDefinition.objects.of(organisation.pk, party, timezone.localdate())
    return list(rows.filter(authority=Authority.LOCAL))


def columns_of(rows: Sequence[AttributeDefinition], taken: Sequence[Column]) -> list[Column]:
    """A column for each, known by label or code; a label that is `taken` says what it is."""
    titles = {title for column in taken for title in column.titles}
    return [
        Column(
            f"{PREFIX}{row.code}",
            (row.label if row.label not in titles else _label(row), row.code),
            check_of(row),
        )
        for row in rows
    ]


def _label(row: AttributeDefinition) -> str:
    return _("%(label)s（扩展属性）") % {"label": row.label}


def extras_of(draft: Draft) -> Mapping[str, Any]:
    """Code → checked value of the row's free attributes; None empties."""
    return {
        name.removeprefix(PREFIX): value
        for name, value in draft.values.items()
        if name.startswith(PREFIX)
    }


def new_extras_of(draft: Draft) -> Mapping[str, Any]:
    """The same for a new archive, which has nothing to empty."""
    return {code: value for code, value in extras_of(draft).items() if value is not None}
