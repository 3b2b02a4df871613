"""Whoever brings a file, and which archives he may meet in it (trust 4.3, "Import job")."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from crm.identity.models import User
from crm.imports.kinds import Draft
from customers.access import customers_for
from customers.choices import CustomerPerm
from customers.errors import AlreadyExists


class Bringer:
    """`own_only` is a manager with his own customers; without a person (the command's bare check,
    on the server) everything is met.
    """

    def __init__(self, by: User | None, *, own_only: bool) -> None:
        self.by = by
        self.own_only = own_only

    @property
    def perm(self) -> CustomerPerm:
        """The right by which an archive that is here may be changed."""
        return CustomerPerm.UPDATE if self.own_only else CustomerPerm.IMPORT

    def reached(self, keys: Iterable[int]) -> set[int]:
        """Those among the customers that he may change by a sheet."""
        if self.by is None:
            return set(keys)
        rows = customers_for(self.by, self.perm).filter(pk__in=list(keys))
        return set(rows.values_list("pk", flat=True))

    def seen(self, keys: Iterable[int]) -> set[int]:
        """Those among the customers whose name he may meet: he may hang a unit under them."""
        if self.by is None:
            return set(keys)
        rows = customers_for(self.by, CustomerPerm.VIEW).filter(pk__in=list(keys))
        return set(rows.values_list("pk", flat=True))

    def refuse(self, draft: Draft, column: str) -> None:
        """The row means an archive that is not his: not a word whose (R-10)."""
        told = AlreadyExists()
        draft.refuse(column, told.code, str(told.message))

    def meet_manager(self, draft: Draft, column: str) -> None:
        """Who imports his own customers is their manager himself; nobody else's name is looked up,
        so a sheet tells nothing about colleagues (R-17).
        """
        if self.by is None:
            return
        name = draft.values.get(column, "")
        if name in (self.by.name, self.by.username):
            draft.links[column] = self.by.pk
        elif name:
            words = _("您只能导入由本人负责的客户，请填写您的姓名，或删除这一行")
            draft.refuse(column, "not_own", words)
