"""Pages of delivery routes (T-4, T-39)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.core.policy import Rule, Rules, both, reads
from crm.core.versions import ConflictRow
from crm.core.views import KEEP, GatedPage, ServiceFormView
from crm.identity.access import ensure_may, may
from crm.identity.choices import ListName
from logistics.access import get_route, may_export_routes, routes_for
from logistics.choices import LogisticsPerm
from logistics.columns import ROUTE_COLUMNS
from logistics.forms import RouteEditForm, RouteFilterForm, RouteForm
from logistics.formulas import weekdays_text
from logistics.selectors import conflict_of_route, timeline_of_route
from logistics.services.routes import edit_route, register_route
from logistics.views.lists import FilteredList

if TYPE_CHECKING:
    from logistics.models import DeliveryRoute, DeliveryRouteQuerySet


class RouteListView(FilteredList):
    rules: ClassVar[Rules] = reads(Rule(LogisticsPerm.VIEW))
    filter_form = RouteFilterForm
    columns = ROUTE_COLUMNS
    url_name, row_url_name = "logistics:routes", "logistics:route"
    add_url_name = "logistics:route-add"
    list_name = ListName.ROUTES
    extra_context = {"add_label": _("登记线路")}

    def get_export_url(self) -> str:
        return reverse("logistics:routes-export") if may_export_routes(self.request.user) else ""

    def get_rows(self, filters: dict[str, str]) -> "DeliveryRouteQuerySet":
        ensure_may(self.request.user, LogisticsPerm.VIEW)
        return routes_for(self.request.user, LogisticsPerm.VIEW).matching(**filters)


class RouteView(GatedPage):
    rules: ClassVar[Rules] = reads(Rule(LogisticsPerm.VIEW))
    template_name = "logistics/route_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        route = get_route(self.request.user, LogisticsPerm.VIEW, self.kwargs["pk"])
        return super().get_context_data(
            route=route,
            history=timeline_of_route(route),
            may_update=may(self.request.user, LogisticsPerm.UPDATE),
            **kwargs,
        )


class RouteAddView(ServiceFormView):
    rules: ClassVar[Rules] = both(Rule(LogisticsPerm.CREATE))
    form_class = RouteForm
    template_name = "logistics/route_form.html"
    success_message = _("送货线路已登记")
    extra_context = {"heading": _("登记送货线路")}

    def get_subject(self) -> None:
        ensure_may(self.request.user, LogisticsPerm.CREATE)

    def perform(self, subject: None, form: RouteForm) -> "DeliveryRoute":
        return register_route(
            code=form.cleaned_data["code"],
            name=form.cleaned_data["name"],
            weekdays=form.cleaned_data["weekdays"],
            by=self.request.user,
        )

    def get_success_url(self) -> str:
        return reverse("logistics:route", args=[self.result.pk])


class RouteEditView(ServiceFormView):
    rules: ClassVar[Rules] = both(Rule(LogisticsPerm.UPDATE))
    form_class = RouteEditForm
    template_name = "logistics/route_form.html"
    success_message = _("修改已保存")
    extra_context = {"heading": _("修改送货线路")}

    def get_subject(self) -> "DeliveryRoute":
        return get_route(self.request.user, LogisticsPerm.UPDATE, self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        row = self.subject
        return {
            "name": row.name,
            "weekdays": list(row.weekdays),
            "is_live": row.is_live,
            "version": row.version,
        }

    def get_form_kwargs(self) -> dict[str, Any]:
        """Several boxes of one name: the kept days are put back one by one."""
        kwargs = super().get_form_kwargs()
        if self.request.POST.get(f"{KEEP}weekdays") == "theirs":
            kwargs["data"].setlist("weekdays", list(self.subject.weekdays))
        return kwargs

    def perform(self, subject: "DeliveryRoute", form: RouteEditForm) -> "DeliveryRoute":
        return edit_route(
            route=subject,
            name=form.cleaned_data["name"],
            weekdays=form.cleaned_data["weekdays"],
            is_live=form.cleaned_data["is_live"],
            expected=form.cleaned_data["version"],
            by=self.request.user,
        )

    def get_conflict(self, subject: "DeliveryRoute", form: RouteEditForm) -> list[ConflictRow]:
        typed = form.cleaned_data
        mine = {
            "name": typed["name"],
            "weekdays": weekdays_text(typed["weekdays"]),
            "is_live": typed["is_live"],
        }
        return conflict_of_route(subject, base_version=typed["version"], mine=mine)

    def get_success_url(self) -> str:
        return reverse("logistics:route", args=[self.subject.pk])
