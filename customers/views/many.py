"""Acts on many customers: chosen on the list, named exactly, asked once (UX-07, UX-08, UX-10)."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from crm.core.errors import BadRequest, NotFound
from crm.core.exports import ExportPage, ExportSheet, Offer
from crm.core.policy import Rule, Rules, both, reads, writes
from crm.core.services.access_log import log_mismatch
from crm.core.views import GatedPage, Guarded, ServiceFormView, known_parameters
from crm.identity.access import ensure_may
from crm.identity.choices import ListName
from crm.identity.selectors import look_of, views_of
from customers.access import customers_for
from customers.choices import CustomerPerm
from customers.forms.acts import TransferManyForm
from customers.forms.listing import PARAMETERS, CustomerFilterForm
from customers.selectors.columns import Column
from customers.selectors.listing import Asked
from customers.selectors.selection import (
    MOST,
    MOST_TICKED,
    Chosen,
    chosen_keys,
    export_offer,
    rows_in_order,
)
from customers.services.exports import export_customers
from customers.services.managers import transfer_customers
from customers.views.listing import chosen_columns, list_url

_SALT: Final = "customers.selection"
_AGE: Final = 3600
MOST_TRANSFERS: Final = 500
_NAMED: Final = 10
"""So many of the chosen are named before one sends."""
RESULT: Final = "customers_bulk_result"
_PAGES: Final = {"export": "customers:export", "transfer": "customers:transfer-many"}


def asked_in(user: Any, query: str) -> CustomerFilterForm:
    """The checked filters of a list's address. Raises NotFound, BadRequest."""
    sent = QueryDict(query)
    if not set(sent) <= PARAMETERS:
        raise NotFound
    form = CustomerFilterForm(sent, user=user)
    if not form.is_valid():
        raise BadRequest(" ".join(text for errors in form.errors.values() for text in errors))
    return form


class ChosenRows(Guarded):
    """What was chosen, from a signed token of this person or from the list's own filters."""

    @cached_property
    def told(self) -> dict[str, Any]:
        """Query, ticked keys and left-out keys."""
        token = self.request.POST.get("selection") or self.request.GET.get("selection", "")
        if not token:
            known_parameters(self.request, PARAMETERS)
            return {"q": self.request.GET.urlencode(), "i": None, "x": []}
        try:
            told: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=_AGE)
        except signing.BadSignature as problem:
            raise BadRequest(_("选择已失效，请回到列表重新选择")) from problem
        if told["u"] != self.request.user.pk:
            raise NotFound
        return told | {"token": token}

    @cached_property
    def filters(self) -> CustomerFilterForm:
        return asked_in(self.request.user, self.told["q"])

    @cached_property
    def chosen(self) -> Chosen:
        ids = self.told["i"]
        asked: Asked = self.filters.asked()
        return Chosen(asked, None if ids is None else tuple(ids), frozenset(self.told["x"]))

    @property
    def back_url(self) -> str:
        return list_url(self.told["q"])

    @property
    def token(self) -> str:
        return str(self.told.get("token", ""))


def _keys(sent: Sequence[str]) -> list[int]:
    """Ticked keys as numbers. Raises BadRequest for what is none, or for too many (B200)."""
    if len(sent) > MOST_TICKED or not all(key.isascii() and key.isdigit() for key in sent):
        raise BadRequest(_("一次最多勾选 %(most)s 条") % {"most": MOST_TICKED})
    return list(dict.fromkeys(int(key) for key in sent if len(key) < 19))


class ChooseView(Guarded):
    """The bar under the list: signs what was chosen and goes on to the act's own page."""

    rules: ClassVar[Rules] = writes(Rule(CustomerPerm.VIEW))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user, sent = self.request.user, request.POST
        ensure_may(user, CustomerPerm.VIEW)
        query, page = sent.get("query", ""), _PAGES.get(sent.get("act", ""))
        asked_in(user, query)
        if page is None:
            raise BadRequest(_("不认识的操作"))
        ids = None if sent.get("every") else self._reached(_keys(sent.getlist("ids")))
        if ids is not None and not ids:
            raise BadRequest(_("请先勾选客户，或选择全部"))
        told = {"u": user.pk, "q": query, "i": ids, "x": _keys(sent.getlist("except"))}
        token = signing.dumps(told, salt=_SALT, compress=True)
        return redirect(f"{reverse(page)}?{urlencode({'selection': token})}")

    def _reached(self, ids: list[int]) -> list[int]:
        """Those he sees; that others were sent is written down for the auditor (B196)."""
        user = self.request.user
        rows = customers_for(user, CustomerPerm.VIEW).filter(pk__in=ids)
        found = list(rows.values_list("pk", flat=True))
        if len(found) < len(ids):
            log_mismatch(perm=CustomerPerm.VIEW, asked=len(ids), found=len(found), by=user)
        return found


class CustomerExportView(ChosenRows, ExportPage):
    """The list or the ticked rows as .xlsx: at most 1,000, masked, watermarked, logged."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.EXPORT, step_up=True))

    @cached_property
    def columns(self) -> list[Column]:
        """What the list showed: the columns of the view that was open, else the chosen ones."""
        view = QueryDict(self.told["q"]).get("view") or ""
        menu = views_of(self.request.user, ListName.CUSTOMERS, view)
        look = look_of(self.request.user, ListName.CUSTOMERS)
        return chosen_columns(look, self.filters, menu.active)

    def get_offer(self) -> Offer:
        user = self.request.user
        ensure_may(user, CustomerPerm.EXPORT)
        return export_offer(
            user,
            self.chosen,
            self.columns,
            list(self.filters.rules.values()),
            asked=self.filters.in_words(),
            back_url=self.back_url,
            hidden=[("selection", self.token)] if self.token else [],
        )

    def get_sheet(self) -> ExportSheet:
        ensure_may(self.request.user, CustomerPerm.EXPORT)
        return export_customers(
            chosen=self.chosen,
            columns=self.columns,
            asked=self.filters.in_words(),
            by=self.request.user,
        )


class TransferManyView(ChosenRows, ServiceFormView):
    """Give the chosen customers to another manager: the number is asked anew on sending."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.DECIDE))
    form_class = TransferManyForm
    template_name = "customers/transfer_many.html"

    def get_subject(self) -> list[int]:
        ensure_may(self.request.user, CustomerPerm.DECIDE)
        return chosen_keys(self.request.user, CustomerPerm.DECIDE, self.chosen, most=MOST)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {
            "user": self.request.user,
            "number": len(self.subject),
            "most": MOST_TRANSFERS,
        }

    def get_initial(self) -> dict[str, Any]:
        return {"number": len(self.subject), "selection": self.token}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            number=len(self.subject),
            first=rows_in_order(self.subject[:_NAMED]),
            rest=max(len(self.subject) - _NAMED, 0),
            most=MOST_TRANSFERS,
            asked=self.filters.in_words(),
            back_url=self.back_url,
            **kwargs,
        )

    def perform(self, subject: list[int], form: TransferManyForm) -> Any:
        data = form.cleaned_data
        refused = transfer_customers(
            keys=subject, manager=data["manager"], reason=data["reason"], by=self.request.user
        )
        self.request.session[RESULT] = {
            "done": len(subject) - len(refused),
            "refused": [[row.pk, row.reason] for row in refused],
            "manager": data["manager"].name,
            "back": self.back_url,
        }

    def get_success_url(self) -> str:
        return reverse("customers:many-done")


class ManyDoneView(GatedPage):
    """What became of each: the number that went well, and every row that did not (UX-07)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.DECIDE))
    template_name = "customers/many_done.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        ensure_may(user, CustomerPerm.DECIDE)
        told = self.request.session.get(RESULT)
        if told is None:
            raise NotFound
        reasons = dict(told["refused"])
        rows = customers_for(user, CustomerPerm.VIEW).filter(pk__in=reasons).order_by("code")
        seen = [(row, reasons.pop(row.pk)) for row in rows]
        return super().get_context_data(
            done=told["done"],
            manager=told["manager"],
            number=told["done"] + len(told["refused"]),
            refused=seen,
            unseen=len(reasons),
            back_url=told["back"],
            **kwargs,
        )
