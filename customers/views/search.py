"""The search box's answers: a page of its own, and the few lines under the box (UX-01 to UX-03)."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from crm.core.errors import BadRequest
from crm.core.policy import Rule, Rules, both, writes
from crm.core.text import CheckFailed, clean_line
from crm.core.views import GatedPage, Guarded, known_parameters
from customers.choices import CustomerPerm
from customers.selectors.search import FEW, customer_of_code, headings, may_be_sealed
from customers.services.search import search_customers

LONGEST = 120


def text_in(sent: QueryDict) -> str:
    """The typed line. Raises BadRequest for control characters and NUL (B014)."""
    try:
        return clean_line(sent.get("q", ""), LONGEST)
    except CheckFailed as problem:
        raise BadRequest(problem.message) from problem


class SearchView(GatedPage):
    """Who is found by what was typed; a whole code opens the customer at once.

    The box posts. What may be a certificate or account number is answered there and then, since
    an address is kept in logs and histories; anything else gets an address that can be shared.
    """

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.VIEW))
    template_name = "customers/search.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        known_parameters(request, {"q", "page"})
        self.text, self.is_secret = text_in(request.GET), False
        return self._opened() or super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.text = text_in(request.POST)
        self.is_secret = may_be_sealed(self.text)
        if opened := self._opened():
            return opened
        if self.is_secret:
            return self.render_to_response(self.get_context_data(**kwargs))
        return redirect(address_of(self.text))

    def _opened(self) -> HttpResponse | None:
        found = customer_of_code(self.request.user, self.text)
        return None if found is None else redirect("customers:detail", pk=found.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        after = self.request.GET.get("page", "")
        results = search_customers(
            text=self.text, after=after, by=self.request.user, sealed=self.is_secret
        )
        return super().get_context_data(
            searched=f"****{self.text[-4:]}" if self.is_secret else self.text,
            results=results,
            headings=headings(results.columns),
            next_url=self._url(results.next),
            previous_url=self._url(results.previous),
            **kwargs,
        )

    def _url(self, page: str) -> str:
        return address_of(self.text, page=page) if page and not self.is_secret else ""


def address_of(text: str, **more: str) -> str:
    """The page of what a text finds; never for what may be a sealed number."""
    return f"{reverse('customers:search')}?{urlencode({'q': text} | more)}"


class SuggestView(Guarded):
    """The first few, while typing: a fragment. Nothing is asked while an input method composes.

    Rules: UX-01, UX-27.
    """

    rules: ClassVar[Rules] = writes(Rule(CustomerPerm.VIEW))

    def post(self, request: HttpRequest) -> HttpResponse:
        text = text_in(request.POST)
        results = search_customers(text=text, by=self.request.user, size=FEW)
        more = address_of(text) if results.next and not may_be_sealed(text) else ""
        return render(
            request, "customers/_suggestions.html", {"results": results, "more_url": more}
        )
