"""Opening an archive in the browser (B-14, R-20 ff., UX-21 to UX-34)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.core.errors import Forbidden
from crm.core.policy import Rule, Rules, both, reads
from crm.core.views import Guarded, ServiceFormView, known_parameters
from crm.identity.access import ensure_may
from crm.identity.selectors import profile_of
from customers.choices import CustomerPerm
from customers.forms.register import FORMS, RegisterForm
from customers.selectors.duplicates import Typed, doubts_of
from customers.services.duplicates import search_duplicates
from customers.services.register import register_customer

if TYPE_CHECKING:
    from crm.identity.models import Department, User

CREATE = Rule(CustomerPerm.CREATE)


def home_of(user: "User") -> "Department":
    """The person's organisation. Raises Forbidden for whoever belongs to none."""
    if user.organisation is None:
        raise Forbidden
    return user.organisation


class RegisterView(ServiceFormView):
    """A new customer; where retailers enter by the registration form, the page says so."""

    rules: ClassVar[Rules] = both(CREATE)
    template_name = "customers/register.html"
    draft_form = "customer-register"
    success_message = _("客户已建档")

    def get_subject(self) -> None:
        ensure_may(self.request.user, CustomerPerm.CREATE)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.kind = FORMS.get(str(profile_of(self.request.user)))
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        known_parameters(request, set())
        if self.kind is None:
            _gate = self.subject
            return render(request, "customers/register_elsewhere.html")
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.get(request) if self.kind is None else super().post(request, *args, **kwargs)

    def get_form_class(self) -> type[RegisterForm]:
        return self.kind or RegisterForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.request.user}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        form = context["form"]
        if form.is_bound:
            context["candidates"] = self._candidates(form.typed())
            context["doubts"] = doubts_of(form.typed())
        return context

    def _candidates(self, typed: Typed) -> Any:
        user = self.request.user
        return search_duplicates(organisation=home_of(user), typed=typed, by=user)

    def perform(self, subject: None, form: RegisterForm) -> Any:
        user = self.request.user
        return register_customer(organisation=home_of(user), data=form.customer(), by=user)

    def get_success_url(self) -> str:
        return reverse("customers:detail", args=[self.result.pk])


class DuplicatesView(Guarded):
    """What is here already like the record being typed: a fragment for the form (UX-34, RF-09)."""

    rules: ClassVar[Rules] = reads(CREATE)

    def get(self, request: HttpRequest) -> HttpResponse:
        known_parameters(request, {"name", "credit_code", "phone", "mobile", "licence_no"})
        user = self.request.user
        ensure_may(user, CustomerPerm.CREATE)
        typed = Typed(**{name: str(value) for name, value in request.GET.items()})
        found = search_duplicates(organisation=home_of(user), typed=typed, by=user)
        told = {"candidates": found, "doubts": doubts_of(typed)}
        return render(request, "customers/_candidates.html", told)
