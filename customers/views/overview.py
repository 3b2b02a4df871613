"""Counts: beside the list, and as a page of their own (B187, UX-73)."""

from typing import Any, ClassVar, Final

from django.urls import reverse

from crm.core.policy import Rule, Rules, reads
from crm.core.views import GatedPage, known_parameters
from crm.identity.access import ensure_may
from customers.choices import CustomerPerm
from customers.forms.listing import PARAMETERS, filters_read_by
from customers.selectors.facets import facet_views, is_summed
from customers.selectors.overview import overview_for
from customers.views.many import asked_in

BESIDE: Final = ("status", "temporal", "lifecycle", "class", "level", "city")


class FacetsView(GatedPage):
    """The fragment beside the list: each figure cut by the other filters, each a link."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.VIEW))
    template_name = "customers/_facets.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known_parameters(self.request, PARAMETERS)
        ensure_may(self.request.user, CustomerPerm.VIEW)
        form = asked_in(self.request.user, self.request.GET.urlencode())
        filters = form.asked().filters
        names = [name for name in BESIDE if name in form.readable]
        facets = facet_views(self.request.user, names, filters) if is_summed(filters) else []
        return super().get_context_data(
            facets=[(facet, self._links(facet)) for facet in facets], **kwargs
        )

    def _links(self, facet: Any) -> list[dict[str, Any]]:
        """Press a figure to narrow the list by it, once more to widen it again."""
        links = []
        for part in facet.slices[:8]:
            query = self.request.GET.copy()
            for name in ("page", "view", facet.name):
                query.pop(name, None)
            if not part.is_on and part.value:
                query[facet.name] = part.value
            url = f"{reverse('customers:list')}?{query.urlencode() or 'view=none'}"
            links.append({"part": part, "url": url if part.value else ""})
        return links


class OverviewView(GatedPage):
    """客户分布: the customers in my sight by class, place and manager."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.VIEW))
    template_name = "customers/overview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known_parameters(self.request, ())
        ensure_may(self.request.user, CustomerPerm.VIEW)
        user = self.request.user
        return super().get_context_data(
            overview=overview_for(user, filters_read_by(user)), **kwargs
        )
