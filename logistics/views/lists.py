"""What both lists of the room share: filters, columns, order and paging in the URL."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.core.errors import BadRequest
from crm.core.lists import arranged
from crm.core.paging import capped_count, keyset
from crm.core.views import GatedPage, known_parameters
from crm.identity.access import may
from crm.identity.choices import ListName
from crm.identity.selectors import Look, ViewMenu, chooser_of, look_of, views_of
from logistics.choices import LogisticsPerm
from logistics.columns import Column, cells_of

TABS: Final = (("logistics:firms", _("物流公司")), ("logistics:routes", _("送货线路")))
"""The pages of the room, by URL name."""
_NO_VIEW: Final = "view=none"
_NO_FILTER: Final = ("view", "after", "sort")


class FilteredList(GatedPage):
    """A list by key; `filter_form` names the parameters, `columns` what may be shown and sorted."""

    template_name = "logistics/list.html"
    filter_form: ClassVar[type[Form]]
    columns: ClassVar[Sequence[Column]]
    url_name: ClassVar[str]
    row_url_name: ClassVar[str]
    add_url_name: ClassVar[str]
    list_name: ClassVar[ListName]

    def get_rows(self, filters: dict[str, str]) -> QuerySet[Any]:
        """Rows through the gate, narrowed by the filters."""
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.GET and (
            view := self.views.opening({*self.filter_form.base_fields, "sort"})
        ):
            return redirect("identity:view", pk=view.pk)
        return super().get(request, *args, **kwargs)

    @cached_property
    def views(self) -> ViewMenu:
        return views_of(self.request.user, self.list_name, self.request.GET.get("view", ""))

    @cached_property
    def look(self) -> Look:
        return look_of(self.request.user, self.list_name)

    @cached_property
    def sort(self) -> str:
        """The order asked for: a column's key, with a "-" downwards. Raises BadRequest."""
        asked = self.request.GET.get("sort") or self.columns[0].key
        if asked.removeprefix("-") not in {column.key for column in self.columns}:
            raise BadRequest(gettext("不支持按此列排序"))
        return asked

    def order(self) -> list[str]:
        """What the rows are sorted by; downwards everything is turned."""
        key = self.sort.removeprefix("-")
        names = next(column.order for column in self.columns if column.key == key)
        if key == self.sort:
            return list(names)
        return [name[1:] if name.startswith("-") else f"-{name}" for name in names]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known_parameters(self.request, {*self.filter_form.base_fields, *_NO_FILTER})
        form = self.filter_form(self.request.GET)
        asked = {**form.cleaned_data} if form.is_valid() else {}
        rows = self.get_rows(asked)
        page = keyset(rows, order=self.order(), token=self.request.GET.get("after", ""))
        view = self.views.active
        keys = view.columns if view is not None and view.columns else self.look.columns
        columns, query = arranged(self.columns, keys), self._query(view="", after="")
        card = {
            "list_name": self.list_name,
            "query": query,
            "columns": ",".join(column.key for column in columns),
        }
        return super().get_context_data(
            list_label=self.list_name.label,
            views=self.views,
            view_card=urlencode(card),
            filter_query=self._query(**dict.fromkeys(_NO_FILTER, "")),
            chooser=chooser_of(self.list_name, self.look, columns, self.columns, query),
            headings=[self._heading(column) for column in columns],
            rows=[
                {"url": reverse(self.row_url_name, args=[row.pk]), "cells": cells_of(row, columns)}
                for row in page.rows
            ],
            may_create=may(self.request.user, LogisticsPerm.CREATE),
            add_url=reverse(self.add_url_name),
            export_url=self.get_export_url(),
            tabs=[
                {"label": label, "url": reverse(name), "active": name == self.url_name}
                for name, label in TABS
            ],
            filters=form,
            is_filtered=any(asked.values()),
            chips=self._chips(form, asked),
            clear_url=f"?{_NO_VIEW}" if self.views.default else self.request.path,
            total=capped_count(rows),
            next_url=self._url(after=page.next) if page.next else "",
            previous_url=self._url(after=page.previous) if page.previous else "",
            **kwargs,
        )

    def get_export_url(self) -> str:
        """Where the list becomes a file; empty for whoever may not take it out."""
        return ""

    def _query(self, **changed: str) -> str:
        """The list's question with some parameters changed; empty ones fall out."""
        query = self.request.GET.copy()
        for name, value in changed.items():
            query[name] = value
        for name in [name for name, value in query.items() if not value]:
            del query[name]
        return query.urlencode()

    def _url(self, **changed: str) -> str:
        return f"?{self._query(**changed)}"

    def _chips(self, form: Form, asked: dict[str, str]) -> list[dict[str, Any]]:
        """Every filter that is on, each with the list without it (UX-04)."""
        words = {name: dict(getattr(form.fields[name], "choices", ())) for name in asked}
        return [
            {
                "label": form.fields[name].label,
                "value": words[name].get(value, value),
                "url": self._url(**{name: "", "after": ""}),
            }
            for name, value in asked.items()
            if value
        ]

    def _heading(self, column: Column) -> dict[str, Any]:
        up, down = self.sort == column.key, self.sort == f"-{column.key}"
        return {
            "label": column.label,
            "url": self._url(sort=f"-{column.key}" if up else column.key, after=""),
            "direction": "ascending" if up else "descending" if down else "",
            "width": self.look.widths.get(column.key, ""),
        }
