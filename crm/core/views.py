"""View bases. A view names its gate, its right, its form and its service; nothing more."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView, View

from crm.core.errors import DomainError, StaleVersion
from crm.core.policy import Rules
from crm.core.selectors import draft_of
from crm.core.services.drafts import drop_draft
from crm.core.versions import ConflictRow

if TYPE_CHECKING:
    from crm.identity.models import User


KEEP = "keep_"
"""Begins the names of the choices on the three-way page."""


class SignedInRequest(HttpRequest):
    """What a guarded view gets: the user is never anonymous."""

    user: "User"


class Guarded(View):
    """A view with `rules`: the right each method asks for (D9). Other methods answer 405."""

    rules: ClassVar[Rules]
    request: SignedInRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        rule = self.rules.get("GET" if request.method == "HEAD" else request.method or "")
        if rule is None:
            return HttpResponseNotAllowed(list(self.rules))
        if rule.step_up and not did_recently_reauthenticate(request):
            return ask_again(request)
        return super().dispatch(request, *args, **kwargs)


def ask_again(request: HttpRequest) -> HttpResponse:
    """Send the person to give his password or second factor again, and back (SEC-25)."""
    back = request.get_full_path() if request.method == "GET" else request.META.get("HTTP_REFERER")
    query = urlencode({"next": back or "/"})
    return redirect(f"{reverse('account_reauthenticate')}?{query}")


class GatedPage(Guarded, TemplateView):
    """A page to look at; `get_context_data` takes rows from gates and answers from selectors."""


class ServiceFormView(Guarded, FormView):
    """GET shows the form; POST calls one service and shows its refusal in the form.

    `get_subject` is the gate. It runs on GET and POST alike, so a form is never shown for a row
    that the person may not touch. With `draft_form` set, what is typed is kept on the server.
    With `get_conflict` given, a stale version answers 409 with the three-way page.
    """

    draft_form: ClassVar[str] = ""
    success_message: ClassVar[Any] = ""

    def get_subject(self) -> Any:
        """The row the form is about, through its gate; None for a form that makes a new one."""
        return None

    def perform(self, subject: Any, form: Any) -> Any:
        """Call the one service. What it returns is kept as `self.result`."""
        raise NotImplementedError

    def get_conflict(self, subject: Any, form: Any) -> list[ConflictRow]:
        """Rows of the three-way page; an empty list shows the refusal in the form."""
        return []

    @cached_property
    def subject(self) -> Any:
        return self.get_subject()

    @property
    def draft_subject(self) -> str:
        """What the form's page has in its address: the key it is reached by."""
        return str(next(iter(self.kwargs.values()), "")) if self.subject is not None else ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        _gate = self.subject
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        _gate = self.subject
        return super().post(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        initial = super().get_initial()
        if self.draft_form and self.request.method == "GET":
            initial |= self.draft or {}
        return initial

    def get_form_kwargs(self) -> dict[str, Any]:
        """After the three-way page: a field of which theirs is kept takes the live value."""
        kwargs = super().get_form_kwargs()
        sent = kwargs.get("data")
        kept = {key.removeprefix(KEEP) for key in sent or () if key.startswith(KEEP)}
        if sent is None or not kept:
            return kwargs
        data, live = sent.copy(), self.get_initial()
        for name in sorted(kept & live.keys()):
            if sent[f"{KEEP}{name}"] == "theirs":
                value = live[name]
                data[name] = "" if value is None else getattr(value, "pk", value)
        return kwargs | {"data": data}

    @cached_property
    def draft(self) -> dict[str, Any] | None:
        return draft_of(self.request.user, form=self.draft_form, subject=self.draft_subject)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(subject=self.subject, **kwargs)
        if self.draft_form:
            context["draft_url"] = reverse(
                "core:draft", args=[self.draft_form, self.draft_subject or "new"]
            )
            context["draft_restored"] = self.request.method == "GET" and bool(self.draft)
        return context

    def form_valid(self, form: Form) -> HttpResponse:
        try:
            self.result = self.perform(self.subject, form)
        except StaleVersion as stale:
            return self.show_conflict(form, stale)
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            return self.form_invalid(form)
        except ValidationError as invalid:
            add_errors(form, invalid)
            return self.form_invalid(form)
        if self.draft_form:
            drop_draft(form=self.draft_form, subject=self.draft_subject, by=self.request.user)
        if self.success_message:
            messages.success(self.request, str(self.success_message))
        return super().form_valid(form)

    def show_conflict(self, form: Form, stale: StaleVersion) -> HttpResponse:
        self.__dict__.pop("subject", None)
        rows = self.get_conflict(self.subject, form)
        if not rows:
            form.add_error(None, stale.message)
            return self.form_invalid(form)
        context = self.get_context_data(form=form, conflict=rows, current_version=stale.current)
        return render(self.request, "conflict.html", context, status=409)


def add_errors(form: Form, invalid: ValidationError) -> None:
    """Put a service's ValidationError beside the fields it names."""
    if not hasattr(invalid, "error_dict"):
        form.add_error(None, invalid.messages)
        return
    for name, errors in invalid.message_dict.items():
        form.add_error(name if name in form.fields else None, errors)


class ServiceButtonView(Guarded):
    """POST only: one service on one gated row, then back with a message."""

    success_message: ClassVar[Any] = ""

    def get_subject(self) -> Any:
        raise NotImplementedError

    def perform(self, subject: Any) -> Any:
        raise NotImplementedError

    def get_success_url(self) -> str:
        raise NotImplementedError

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.subject = self.get_subject()
        try:
            self.result = self.perform(self.subject)
        except (DomainError, ValidationError) as refusal:
            text = getattr(refusal, "message", "") or " ".join(getattr(refusal, "messages", []))
            messages.error(request, str(text))
        else:
            if self.success_message:
                messages.success(request, str(self.success_message))
        return redirect(self.get_success_url())


def known_parameters(request: HttpRequest, known: Collection[str]) -> None:
    """Refuse a list URL with parameters nobody reads: 404 in plain words (B190 of the corpus)."""
    strange = set(request.GET) - set(known)
    if strange:
        raise Http404(_("不认识的查询条件：%(names)s") % {"names": ", ".join(sorted(strange))})
