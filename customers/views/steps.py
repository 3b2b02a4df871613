"""To the customer before or after this one in the list he was opened from (UX-18)."""

from typing import Any, ClassVar, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from crm.core.errors import NotFound
from crm.core.policy import Rule, Rules, reads
from crm.core.views import Guarded
from customers.access import get_customer
from customers.choices import CustomerPerm
from customers.selectors.selection import neighbour_of
from customers.views.many import asked_in

_BACKWARDS: Final = {"next": False, "previous": True}


class StepView(Guarded):
    """Asked when pressed, by key: the page itself costs nothing more, and the list may change."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.VIEW))

    def get(self, request: HttpRequest, pk: int, way: str) -> HttpResponse:
        user, query = self.request.user, request.GET.get("in", "")
        if way not in _BACKWARDS:
            raise NotFound
        customer = get_customer(user, CustomerPerm.VIEW, pk)
        asked: Any = asked_in(user, query).asked()
        found = neighbour_of(user, customer, asked, backwards=_BACKWARDS[way])
        if found is None:
            end = _("已是列表的第一户") if _BACKWARDS[way] else _("已是列表的最后一户")
            messages.info(request, end)
        page = reverse("customers:detail", args=[found or pk])
        return redirect(f"{page}?{urlencode({'in': query})}")
