"""The list of customers (D8, UX-01 to UX-12)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode

from crm.core.errors import BadRequest
from crm.core.lists import arranged
from crm.core.policy import Rule, Rules, reads
from crm.core.views import GatedPage, known_parameters
from crm.identity.access import may
from crm.identity.choices import ListName
from crm.identity.selectors import Look, ViewMenu, chooser_of, look_of, views_of
from customers.access import customers_for
from customers.choices import CustomerPerm
from customers.forms.listing import PARAMETERS, CustomerFilterForm
from customers.selectors.columns import Column
from customers.selectors.listing import COLUMNS, list_page
from customers.selectors.presets import presets_for

if TYPE_CHECKING:
    from crm.identity.models import SavedView


def list_url(query: str) -> str:
    """The list under a query of its own."""
    return f"{reverse('customers:list')}?{query}" if query else reverse("customers:list")


def chosen_columns(look: Look, form: CustomerFilterForm, view: "SavedView | None") -> list[Column]:
    """The columns of the open view, else those the person has chosen; what his organisation has."""
    keys = view.columns if view is not None and view.columns else look.columns
    return [column for column in arranged(COLUMNS, keys) if column.rule in form.rules]


class CustomerListView(GatedPage):
    """Customers in my scope; the URL is the state, the look of the list is the person's own."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.VIEW))
    template_name = "customers/customer_list.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        known_parameters(request, PARAMETERS)
        if self.form.cleaned_data["q"].isdigit():
            code = self.form.cleaned_data["q"]
            found = customers_for(self.request.user, CustomerPerm.VIEW).filter(code=code).first()
            if found is not None:
                return redirect("customers:detail", pk=found.pk)
        if not request.GET and (default := self._default()):
            return redirect(default)
        return super().get(request, *args, **kwargs)

    @cached_property
    def form(self) -> CustomerFilterForm:
        form = CustomerFilterForm(self.request.GET, user=self.request.user)
        if not form.is_valid():
            raise BadRequest(" ".join(text for errors in form.errors.values() for text in errors))
        return form

    @cached_property
    def views(self) -> ViewMenu:
        active = self.request.GET.get("view", "")
        return views_of(self.request.user, ListName.CUSTOMERS, active)

    def _default(self) -> str:
        """The view that opens by itself; one whose question is no longer understood does not."""
        view = self.views.opening(PARAMETERS)
        if view is None:
            return ""
        try:
            good = CustomerFilterForm(QueryDict(view.query), user=self.request.user).is_valid()
        except BadRequest:
            good = False
        return reverse("identity:view", args=[view.pk]) if good else ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.form.asked(after=self.request.GET.get("page", ""))
        columns = chosen_columns(self.look, self.form, self.views.active)
        page = list_page(self.request.user, asked, columns, self.form.rules)
        return super().get_context_data(
            page=page,
            is_unsorted=page.order != asked.order,
            filters=self.form,
            chips=[
                {"label": label, "value": value, "url": self._url(**{name: ""})}
                for name, label, value in self.form.chips()
            ],
            headings=[self._heading(column, page.order) for column in columns],
            next_url=self._url(page=page.next) if page.next else "",
            previous_url=self._url(page=page.previous) if page.previous else "",
            clear_url=list_url("view=none" if self.views.default else ""),
            **self._around(columns, asked.order),
            **kwargs,
        )

    def _around(self, columns: list[Column], order: str) -> dict[str, Any]:
        """Saved views, and what may be done with the rows."""
        user, query = self.request.user, self._query()
        card = {
            "list_name": ListName.CUSTOMERS,
            "query": query,
            "columns": ",".join(column.key for column in columns),
        }
        presets = presets_for(user, self.form.readable, query)
        return {
            "views": self.views,
            "presets": presets,
            "view_card": urlencode(card),
            "list_query": query or f"sort={order}",
            "act_query": self._query(view=str(self.views.active.pk) if self.views.active else ""),
            "may_export": may(user, CustomerPerm.EXPORT),
            "may_transfer": may(user, CustomerPerm.DECIDE),
            "density": self.look.density,
            "chooser": chooser_of(
                ListName.CUSTOMERS,
                self.look,
                columns,
                [column for column in COLUMNS if column.rule in self.form.rules],
                query,
            ),
        }

    @cached_property
    def look(self) -> Look:
        return look_of(self.request.user, ListName.CUSTOMERS)

    def _kept(self) -> list[tuple[str, str]]:
        names = PARAMETERS - {"page", "view"}
        return [(n, v) for n, v in self.request.GET.items() if n in names and v]

    def _query(self, **changed: str) -> str:
        """The list's question with some parameters changed, in one fixed form."""
        query = QueryDict(mutable=True)
        query.update(dict(self._kept()) | changed)
        for name in [name for name, value in query.items() if not value]:
            del query[name]
        return query.urlencode()

    def _url(self, **changed: str) -> str:
        """This list with some parameters changed; a change begins at the first page."""
        return list_url(self._query(**changed))

    def _heading(self, column: Column, order: str) -> dict[str, Any]:
        width = self.look.widths.get(column.key, "")
        if column.key not in self.form.orders:
            return {"label": column.label, "url": "", "direction": "", "width": width}
        up, down = order == column.key, order == f"-{column.key}"
        return {
            "label": column.label,
            "url": self._url(sort=f"-{column.key}" if up else column.key),
            "direction": "ascending" if up else "descending" if down else "",
            "width": width,
        }
