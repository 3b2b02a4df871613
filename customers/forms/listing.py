"""What the list's URL may say: every stored field of T-3 and T-4 (T-5, UX-03, UX-04)."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.core.errors import BadRequest
from crm.core.text import CheckFailed, clean_line
from crm.identity.access import may
from crm.identity.choices import Profile
from crm.identity.models import User
from customers.access import LIMITED_ORDERS, ORDERS, CustomerFilters, clear_everywhere
from customers.choices import (
    CustomerKind,
    CustomerPerm,
    CustomerStatus,
    CustomerType,
    Lifecycle,
    TemporalClass,
)
from customers.domains import ListColour
from customers.models import FieldRule
from customers.selectors.listing import (
    COLUMNS,
    Asked,
    cities_by_province,
    labels_to_filter_by,
    managers_to_filter_by,
    routes_to_filter_by,
    rules_by_key,
)

RULES: Final[dict[str, str]] = {
    "status": "customer.status",
    "city": "customer.city",
    "manager": "customer.manager",
    "temporal": "customer.temporal_class",
    "lifecycle": "customer.lifecycle",
    "kind": "customer.customer_kind",
    "type": "customer.customer_type",
    "class": "customer.customer_class",
    "order_mode": "retail.order_mode",
    "settlement_mode": "retail.settlement_mode",
    "level": "retail.customer_level",
    "route": "retail.delivery_route",
    "market_type": "retail.market_type",
    "business_format": "retail.business_format",
    "order_cycle": "retail.order_cycle",
    "visit_cycle": "retail.visit_cycle",
    "legal_representative": "retail.legal_representative",
    "premises": "retail.business_premises",
    "licence_from": "retail.licence_valid_to",
    "licence_to": "retail.licence_valid_to",
    "created_from": "customer.created_at",
    "created_to": "customer.created_at",
    "unassigned": "customer.manager",
    "contact": "customer.manager",
}
"""Filter → the field rule that says who may filter by it."""

_NOT_EQUAL: Final = frozenset({"created_from", "created_to", "unassigned", "contact"})
_EQUAL: Final = tuple(name for name in RULES if name not in _NOT_EQUAL)
_LISTED: Final = "listed"
"""Not a field of the archive but a list it stands on: asked by its own right (B-22)."""
FILTER_NAMES: Final = (*RULES, _LISTED)
PARAMETERS: Final = frozenset({*FILTER_NAMES, "q", "sort", "page", "view"})
_ALL: Final = ("", _("全部"))
_FIXED: Final[dict[str, Any]] = {
    "status": (_("状态"), CustomerStatus),
    "temporal": (_("客户时态"), TemporalClass),
    "lifecycle": (_("生命周期"), Lifecycle),
    "kind": (_("客户性质"), CustomerKind),
    "type": (_("客户类型"), CustomerType),
}
_CONTACT: Final = (("waiting", _("待首次联系")), ("late", _("超过一周未联系")))
_TABLES: Final[dict[str, Any]] = {
    "class": _("客户分类"),
    "order_mode": _("订货方式"),
    "settlement_mode": _("结算方式"),
    "level": _("客户级别"),
    "market_type": _("市场类型"),
    "business_format": _("业态"),
    "order_cycle": _("订货周期"),
    "visit_cycle": _("拜访周期"),
}
_TEXTS: Final[dict[str, Any]] = {
    "legal_representative": _("法定代表人"),
    "premises": _("经营场所包含"),
}
_DAYS: Final[dict[str, Any]] = {
    "licence_from": _("许可证有效期自"),
    "licence_to": _("许可证有效期至"),
    "created_from": _("建档日期自"),
    "created_to": _("建档日期至"),
}


def _one_line(value: str) -> str:
    """One line of text; controls and NUL never reach the database (B014)."""
    try:
        return clean_line(value, 120)
    except CheckFailed as problem:
        raise forms.ValidationError(problem.message, code=problem.code) from problem


def _choice(label: Any, pairs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=[_ALL, *pairs])


class CustomerFilterForm(forms.Form):
    """The filters beside the list; a value that is none of the choices is an error.

    Filters and orders by fields that the person does not read in clear on every customer of his
    are refused (B203).
    """

    q = forms.CharField(
        label=_("名称、代码或外部编号"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"placeholder": _("名称、首字母、代码")}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rules = rules_by_key(user)
        read = _read(user, self.rules)
        self.readable = frozenset(name for name, key in RULES.items() if key in read)
        self.orders = frozenset(c.key for c in COLUMNS if c.rule in read)
        self._add(_fields(user, self.readable))
        if _sees_lists(user):
            self.fields[_LISTED] = _choice(_("名单"), ListColour.choices)
        every = (*ORDERS, *(f"{way}{name}" for name in LIMITED_ORDERS for way in ("", "-")))
        sorts = [name for name in every if name.lstrip("-") in self.orders or name == "code"]
        self.fields["sort"] = forms.ChoiceField(
            required=False,
            choices=[("", ""), *((name, name) for name in sorts)],
            widget=forms.HiddenInput,
        )
        refused = [n for n in RULES if n not in self.readable and self.data.get(n)]
        if refused:
            raise BadRequest(_("您不能按此项筛选：%(name)s") % {"name": refused[0]})

    def _add(self, found: Mapping[str, forms.Field]) -> None:
        self.fields.update({name: found[name] for name in FILTER_NAMES if name in found})

    def clean_q(self) -> str:
        return _one_line(self.cleaned_data["q"])

    def clean_legal_representative(self) -> str:
        return _one_line(self.cleaned_data["legal_representative"])

    def clean_premises(self) -> str:
        return _one_line(self.cleaned_data["premises"])

    def asked(self, *, after: str = "") -> Asked:
        """The checked question; `after` is the page's token."""
        data = self.cleaned_data
        equal = {name: data[name] for name in _EQUAL if data.get(name)}
        return Asked(
            filters=CustomerFilters(
                text=data["q"],
                equal=equal,
                created_from=data.get("created_from"),
                created_to=data.get("created_to"),
                without_manager=bool(data.get("unassigned")),
                contact=data.get("contact") or "",
                listed=int(data.get(_LISTED) or 0),
            ),
            order=data["sort"] or "code",
            after=after,
        )

    def chips(self) -> list[tuple[str, Any, str]]:
        """(name, label, value in words) of every filter that is on."""
        shown: list[tuple[str, Any, str]] = []
        for name in ("q", *FILTER_NAMES):
            value = self.cleaned_data.get(name)
            if value:
                words = _words(self.fields[name])
                text = str(_("是") if value is True else words.get(str(value), value))
                shown.append((name, self.fields[name].label, text))
        return shown

    def in_words(self) -> list[str]:
        """The same as sentences, for the file that leaves the house."""
        return [f"{label}：{value}" for _name, label, value in self.chips()]


def _sees_lists(user: User) -> bool:
    is_operator = user.organisation is not None and user.organisation.profile == Profile.BOSS
    return is_operator and may(user, CustomerPerm.LISTED_VIEW)


def _read(user: User, rules: Mapping[str, FieldRule]) -> frozenset[str]:
    keys = {*RULES.values(), *(column.rule for column in COLUMNS)}
    return clear_everywhere(user, [rule for key, rule in rules.items() if key in keys])


def filters_read_by(user: User) -> frozenset[str]:
    """Names of the filters the person may use: the same answer without the form."""
    read = _read(user, rules_by_key(user))
    return frozenset(name for name, key in RULES.items() if key in read)


def _fields(user: User, readable: frozenset[str]) -> dict[str, forms.Field]:
    """The fields of the filters that the person may use; tables are read once."""
    fields: dict[str, forms.Field] = {
        name: _choice(label, kind.choices) for name, (label, kind) in _FIXED.items()
    }
    fields["city"] = _choice(_("地市"), cities_by_province())
    if managers := managers_to_filter_by(user):
        fields["manager"] = _choice(_("客户经理"), managers)
        fields["unassigned"] = forms.BooleanField(label=_("没有客户经理"), required=False)
    fields["contact"] = _choice(_("首次联系"), _CONTACT)
    labels = labels_to_filter_by(user)
    fields |= {
        name: _choice(label, labels[RULES[name]])
        for name, label in _TABLES.items()
        if labels.get(RULES[name])
    }
    if "route" in readable:
        fields["route"] = _choice(_("送货线路"), routes_to_filter_by(user))
    for name, label in _TEXTS.items():
        fields[name] = forms.CharField(label=label, required=False, max_length=120)
    for name, label in _DAYS.items():
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        fields[name] = forms.DateField(label=label, required=False, widget=widget)
    return {name: field for name, field in fields.items() if name in readable}


def _words(field: forms.Field) -> dict[str, str]:
    """Value → label of a choice field, groups opened."""
    found: dict[str, str] = {}
    for value, label in getattr(field, "choices", ()):
        found |= dict(label) if isinstance(label, list | tuple) else {value: label}
    return {str(value): label for value, label in found.items()}
