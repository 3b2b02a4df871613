"""Pairs that may be one customer, and the word that they are not (B-14)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from crm.core.paging import keyset
from crm.core.policy import Rule, Rules, both, reads
from crm.core.views import GatedPage, ServiceFormView, known_parameters
from crm.identity.access import ensure_may, may
from customers.access import duplicates_for, get_duplicate
from customers.choices import CustomerPerm
from customers.forms.acts import DistinctForm
from customers.selectors.duplicate_pairs import last_run, pair_views
from customers.services.duplicate_runs import mark_distinct

if TYPE_CHECKING:
    from customers.models import DistinctPair, DuplicatePair


class DuplicatePairsView(GatedPage):
    """What the last run found, the likeliest first; both ends are in the person's scope."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.DUPLICATE_VIEW))
    template_name = "customers/duplicate_pairs.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known_parameters(self.request, {"page"})
        user = self.request.user
        ensure_may(user, CustomerPerm.DUPLICATE_VIEW)
        rows = duplicates_for(user, CustomerPerm.DUPLICATE_VIEW).for_list()
        page = keyset(rows, order=("-score", "pk"), token=self.request.GET.get("page", ""))
        return super().get_context_data(
            pairs=pair_views(page.rows, user),
            ran_at=last_run(),
            may_clear=may(user, CustomerPerm.DUPLICATE_CLEAR),
            next_url=f"?page={page.next}" if page.next else "",
            previous_url=f"?page={page.previous}" if page.previous else "",
            **kwargs,
        )


class DistinctView(ServiceFormView):
    """Say that two archives are not the same customer, and why."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.DUPLICATE_CLEAR))
    form_class = DistinctForm
    template_name = "customers/duplicate_distinct.html"
    success_message = _("已确认不是同一客户，以后不再提示")
    success_url = reverse_lazy("customers:duplicate-pairs")

    def get_subject(self) -> "DuplicatePair":
        return get_duplicate(self.request.user, CustomerPerm.DUPLICATE_CLEAR, self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        (pair,) = pair_views([self.subject], self.request.user)
        return super().get_context_data(pair=pair, **kwargs)

    def perform(self, subject: "DuplicatePair", form: DistinctForm) -> "DistinctPair":
        reason = form.cleaned_data["reason"]
        return mark_distinct(pair=subject, reason=reason, by=self.request.user)
