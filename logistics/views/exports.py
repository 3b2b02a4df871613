"""The lists of the room as files (UX-10)."""

from typing import Any, ClassVar

from django.forms import Form
from django.urls import reverse
from django.utils.functional import cached_property

from crm.core.exports import ExportPage, ExportSheet, Offer
from crm.core.policy import Rule, Rules, both
from crm.core.services.access_log import MOST_ROWS
from crm.core.views import known_parameters
from crm.identity.choices import IdentityPerm
from logistics.access import firms_to_export, routes_to_export
from logistics.forms import FirmFilterForm, RouteFilterForm
from logistics.selectors import FIRM_COLUMNS, ROUTE_COLUMNS
from logistics.services.exports import export_firms, export_routes

EXPORT = both(Rule(IdentityPerm.EXPORT, step_up=True))


class _ListExport(ExportPage):
    filter_form: ClassVar[type[Form]]
    list_url: ClassVar[str]
    title: ClassVar[Any] = ""
    columns: ClassVar[Any]

    @cached_property
    def form(self) -> Form:
        known_parameters(self.request, {*self.filter_form.base_fields, "view", "after"})
        form = self.filter_form(self.request.GET)
        form.is_valid()
        return form

    @property
    def filters(self) -> dict[str, str]:
        return {**self.form.cleaned_data}

    @property
    def asked(self) -> list[str]:
        """The filters that are on, in words."""
        return [
            f"{self.form.fields[name].label}：{_words(self.form.fields[name], value)}"
            for name, value in self.filters.items()
            if value
        ]

    def get_rows(self) -> Any:
        raise NotImplementedError

    def get_offer(self) -> Offer:
        rows = self.get_rows()
        return Offer(
            title=str(rows.model._meta.verbose_name),
            columns=[str(label) for label in self.columns.values()],
            rows=rows.order_by()[: MOST_ROWS + 1].count(),
            asked=self.asked,
            back_url=f"{reverse(self.list_url)}?{self.request.GET.urlencode()}",
        )


class FirmExportView(_ListExport):
    rules: ClassVar[Rules] = EXPORT
    filter_form = FirmFilterForm
    list_url = "logistics:firms"
    columns = FIRM_COLUMNS

    def get_rows(self) -> Any:
        return firms_to_export(self.request.user).matching(**self.filters)

    def get_sheet(self) -> ExportSheet:
        return export_firms(filters=self.filters, asked=self.asked, by=self.request.user)


class RouteExportView(_ListExport):
    rules: ClassVar[Rules] = EXPORT
    filter_form = RouteFilterForm
    list_url = "logistics:routes"
    columns = ROUTE_COLUMNS

    def get_rows(self) -> Any:
        return routes_to_export(self.request.user).matching(**self.filters)

    def get_sheet(self) -> ExportSheet:
        return export_routes(filters=self.filters, asked=self.asked, by=self.request.user)


def _words(field: Any, value: str) -> Any:
    return dict(getattr(field, "choices", ())).get(value, value)
