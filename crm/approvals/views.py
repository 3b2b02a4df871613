"""The approval centre: four tabs, the step, the case, saved opinions.

Deciding and withdrawing are POSTs to the room that owns the form (`choices.SIGN_PAGES`): its
service acts on the outcome.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

from crm.approvals.access import get_case, get_phrase, get_step, phrases_for
from crm.approvals.forms import PhraseForm
from crm.approvals.selectors import (
    case_page,
    copied_page,
    decided_page,
    queue_page,
    queue_rows,
    started_page,
    step_page,
    tabs_of,
)
from crm.approvals.services import drop_phrase, record_look, remind_case, save_phrase
from crm.core.policy import Door, Rule, Rules, both, reads, writes
from crm.core.views import GatedPage, ServiceButtonView, ServiceFormView, known_parameters

if TYPE_CHECKING:
    from crm.approvals.models import Case, Phrase
    from crm.core.paging import Page

OWN = Rule(Door.SIGNED_IN)
TAKING_PART = Rule(Door.BY_GATE)


class CentreView(GatedPage):
    """One tab of the centre: `tab` names it, `get_rows` reads one page of it."""

    rules: ClassVar[Rules] = reads(OWN)
    tab: ClassVar[str]

    def get_page(self, token: str) -> "tuple[Page[Any], list[Any]]":
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known_parameters(self.request, {"page"})
        page, rows = self.get_page(self.request.GET.get("page", ""))
        here = reverse(f"approvals:{self.tab}")
        tabs = tabs_of(self.request.user, self.tab)
        return super().get_context_data(
            rows=rows,
            tabs=tabs,
            total=next(tab.count for tab in tabs if tab.active),
            next_url=f"{here}?page={page.next}" if page.next else "",
            previous_url=f"{here}?page={page.previous}" if page.previous else "",
            **kwargs,
        )


class QueueView(CentreView):
    """待审批: what waits for this person, due first, what changes first (UX-38 to UX-40)."""

    tab = "queue"
    template_name = "approvals/queue.html"

    def get_page(self, token: str) -> "tuple[Page[Any], list[Any]]":
        page = queue_page(self.request.user, token=token)
        return page, queue_rows(page.rows)


class DecidedView(CentreView):
    """已审批: what this person has signed."""

    tab = "decided"
    template_name = "approvals/decided.html"

    def get_page(self, token: str) -> "tuple[Page[Any], list[Any]]":
        return decided_page(self.request.user, token=token)


class StartedView(CentreView):
    """我发起: what this person put forward, and where it is stuck (UX-45)."""

    tab = "started"
    template_name = "approvals/started.html"

    def get_page(self, token: str) -> "tuple[Page[Any], list[Any]]":
        return started_page(self.request.user, token=token)


class CopiedView(CentreView):
    """抄送我: what was brought to this person's notice."""

    tab = "copied"
    template_name = "approvals/copied.html"

    def get_page(self, token: str) -> "tuple[Page[Any], list[Any]]":
        return copied_page(self.request.user, token=token)


class StepView(GatedPage):
    """Where notices lead: the very item, or why it can no longer be signed (UX-47, RF-01)."""

    rules: ClassVar[Rules] = reads(TAKING_PART)
    template_name = "approvals/step.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        step = get_step(user, self.kwargs["pk"])
        record_look(case=step.case, by=user)
        return super().get_context_data(page=step_page(user, step), **kwargs)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        kwargs["status"] = context["page"].status_code
        return super().render_to_response(context, **kwargs)


class CaseView(GatedPage):
    """A case to read: content, path, what happened; its applicant reminds and withdraws."""

    rules: ClassVar[Rules] = reads(TAKING_PART)
    template_name = "approvals/case.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        case = get_case(user, self.kwargs["number"])
        record_look(case=case, by=user)
        return super().get_context_data(case=case_page(user, case), **kwargs)


class RemindView(ServiceButtonView):
    """催办, at most once in four hours (UX-45)."""

    rules: ClassVar[Rules] = writes(TAKING_PART)
    success_message = _("已提醒审批人")

    def get_subject(self) -> "Case":
        return get_case(self.request.user, self.kwargs["number"])

    def perform(self, subject: "Case") -> int:
        return remind_case(case=subject, by=self.request.user)

    def get_success_url(self) -> str:
        return reverse("approvals:case", args=[self.subject.number])


class PhrasesView(ServiceFormView):
    """Saved opinions: the list, and one more."""

    rules: ClassVar[Rules] = both(OWN)
    form_class = PhraseForm
    template_name = "approvals/phrases.html"
    success_url = reverse_lazy("approvals:phrases")
    success_message = _("常用意见已保存")

    def perform(self, subject: None, form: PhraseForm) -> "Phrase":
        return save_phrase(text=form.cleaned_data["text"], by=self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(phrases=list(phrases_for(self.request.user)), **kwargs)


class DropPhraseView(ServiceButtonView):
    """Forget one of them."""

    rules: ClassVar[Rules] = writes(OWN)
    success_message = _("常用意见已删除")

    def get_subject(self) -> "Phrase":
        return get_phrase(self.request.user, self.kwargs["pk"])

    def perform(self, subject: "Phrase") -> None:
        drop_phrase(phrase=subject, by=self.request.user)

    def get_success_url(self) -> str:
        return reverse("approvals:phrases")
