"""The tabs of one customer that are only looked at (UX-14 to UX-18)."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.http import urlencode
from django.utils.translation import gettext as _

from crm.core.errors import Forbidden
from crm.core.policy import Rule, Rules, reads
from crm.core.views import GatedPage
from customers.access import get_customer
from customers.choices import CustomerPerm
from customers.selectors.history import events_of, events_page, groups_of, history_of_customer
from customers.selectors.managers import card_for, terms_of
from customers.selectors.page import Head, Visit
from customers.selectors.tabs import carrier_of, has_part
from logistics.choices import LogisticsPerm

if TYPE_CHECKING:
    from customers.models import Customer

RECENT = 6


class DossierPage(GatedPage):
    """A page about one customer: the gate, the head, then what the tab shows."""

    perm: ClassVar[CustomerPerm] = CustomerPerm.VIEW
    url_name: ClassVar[str]
    has_people: ClassVar[bool] = False
    """Whether the tab shows every person of the customer."""

    def get_customer(self) -> "Customer":
        return get_customer(self.request.user, self.perm, self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        visit = Visit(self.get_customer(), self.request.user, has_people=self.has_people)
        shown = self.shown(visit)  # first, since it may have counted what the tabs say
        return super().get_context_data(
            customer=visit.customer,
            head=self._in_list(visit.head(self.url_name)),
            **shown,
            **kwargs,
        )

    def _in_list(self, head: Head) -> Head:
        """The tabs keep the list that the customer was opened from (UX-18)."""
        asked = self.request.GET.get("in")
        if not asked:
            return head
        tail = urlencode({"in": asked})
        return replace(head, tabs=[replace(tab, url=f"{tab.url}?{tail}") for tab in head.tabs])

    def shown(self, visit: Visit) -> dict[str, Any]:
        """What this tab adds to the head."""
        raise NotImplementedError


class CustomerView(DossierPage):
    """The archive in its parts (R-20)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.VIEW))
    template_name = "customers/customer_detail.html"
    url_name = "customers:detail"

    def shown(self, visit: Visit) -> dict[str, Any]:
        return {
            "sections": visit.sections(),
            "events": events_of(visit.customer, limit=RECENT, rules=visit.rules),
        }


class ContactsView(DossierPage):
    """Related and key persons (R-26, R-34)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.CONTACT_VIEW))
    template_name = "customers/contact_list.html"
    url_name = "customers:contacts"
    has_people = True

    def shown(self, visit: Visit) -> dict[str, Any]:
        if not visit.may(CustomerPerm.CONTACT_VIEW):
            raise Forbidden
        return {
            "people": visit.people(),
            "shows_relations": visit.shows_relations,
            "may_add": visit.may(CustomerPerm.CONTACT_CREATE),
            "may_change": visit.may(CustomerPerm.CONTACT_UPDATE),
            "may_end": visit.may(CustomerPerm.CONTACT_END),
        }


class ManagerView(DossierPage):
    """Who answers for the customer now, and who did before (R-19, R-44)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.ASSIGN_VIEW))
    perm = CustomerPerm.ASSIGN_VIEW
    template_name = "customers/manager.html"
    url_name = "customers:manager"

    def shown(self, visit: Visit) -> dict[str, Any]:
        terms, user = terms_of(visit.customer), self.request.user
        waited = next((term for term in terms if term.contact_due_at is not None), None)
        return {
            "card": card_for(visit.customer, user),
            "terms": terms,
            "waited": waited,
            "is_mine": waited is not None and waited.manager_id == user.pk,
        }


class CarrierView(DossierPage):
    """The head office or branch that carries the customer's goods (R-47, R-49)."""

    rules: ClassVar[Rules] = reads(Rule(LogisticsPerm.VIEW))
    template_name = "customers/carrier.html"
    url_name = "customers:carrier"

    def shown(self, visit: Visit) -> dict[str, Any]:
        opens = visit.opens(LogisticsPerm.VIEW)
        if not opens or not has_part(visit.customer, self.url_name):
            raise Forbidden
        return {"carrier": carrier_of(visit.customer, self.request.user)}


class BankView(DossierPage):
    """Withholding accounts, for those whose work is with them (T-65 to T-67, PM-04)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.BANK_VIEW))
    template_name = "customers/bank.html"
    url_name = "customers:bank"

    def shown(self, visit: Visit) -> dict[str, Any]:
        if not visit.opens(CustomerPerm.BANK_VIEW):
            raise Forbidden
        return {"accounts": visit.accounts()}


class FormsView(DossierPage):
    """Forms under way and closed (T-13)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.VIEW))
    template_name = "customers/forms.html"
    url_name = "customers:forms"

    def shown(self, visit: Visit) -> dict[str, Any]:
        return {"forms": visit.forms()}


class TimelineView(DossierPage):
    """What happened, newest first (UX-17)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.VIEW))
    template_name = "customers/timeline.html"
    url_name = "customers:timeline"

    def shown(self, visit: Visit) -> dict[str, Any]:
        asked = self.request.GET
        group = asked.get("kind", "")
        page = events_page(
            visit.customer, group=group, after=asked.get("after", ""), rules=visit.rules
        )
        groups = [("", _("全部")), *groups_of(visit.customer)]
        return {
            "events": page.rows,
            "groups": [
                {"label": label, "url": self._url(kind=key), "active": key == group}
                for key, label in groups
            ],
            "next_url": self._url(kind=group, after=page.next) if page.next else "",
            "previous_url": self._url(kind=group, after=page.previous) if page.previous else "",
        }

    def _url(self, **asked: str) -> str:
        """The tab under another question, still in the list it was opened from."""
        told = {**asked, "in": self.request.GET.get("in", "")}
        return f"?{urlencode({name: value for name, value in told.items() if value})}"


class HistoryView(DossierPage):
    """Who changed what: old and new value as the reader may see them (B-47, UX-18)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.HISTORY))
    perm = CustomerPerm.HISTORY
    template_name = "customers/history.html"
    url_name = "customers:history"
    has_people = True

    def shown(self, visit: Visit) -> dict[str, Any]:
        return {"entries": history_of_customer(visit.customer, visit.user, visit.contacts)}
