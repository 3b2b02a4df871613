"""Django admin: governed rows are only looked at, and only through the gates (D7).

Their `guard` is the object of the rights table, which none of the three administrator duties
holds: they see no business row. Field rules are reference data and may be tuned.
"""

from dataclasses import fields
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import CharField, HiddenInput, IntegerField, ModelForm
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from crm.core.admin import ReadOnlyAdmin, ReferenceAdmin, ServiceAdmin
from crm.core.selectors import timeline_of
from customers.access import bindings_for, contacts_for, customers_for
from customers.boss_values import NewAttribute
from customers.choices import CustomerPerm
from customers.models import (
    AttributeDefinition,
    AttributeQuerySet,
    BankBinding,
    BankBindingQuerySet,
    Contact,
    ContactQuerySet,
    Customer,
    CustomerQuerySet,
    FieldRule,
)
from customers.services.attributes import EDITABLE, define_attribute, edit_attribute

_HIDDEN = ("field_marks", "seal_id")


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Customers in the person's own scope, without the columns made for searching."""

    guard: ClassVar[str] = "customer"
    list_display = ("code", "name", "status", "city", "manager", "department")
    list_filter = ("status", "customer_kind")
    search_fields = ("code__exact", "name__startswith")
    list_select_related = ("city", "manager", "department")
    ordering = ("code",)
    show_full_result_count = False
    exclude = (*_HIDDEN, "mobile", "email")

    def get_queryset(self, request: HttpRequest) -> CustomerQuerySet:
        user: Any = request.user
        return customers_for(user, CustomerPerm.VIEW)


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    """Contacts by name and post; how they are reached stands on the customer's page."""

    guard: ClassVar[str] = "contact"
    list_display = ("name", "customer", "role", "position", "is_live")
    fields = ("customer", "name", "role", "key_type", "is_primary", "unit", "position", "is_live")
    list_select_related = ("customer",)
    ordering = ("pk",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> ContactQuerySet:
        user: Any = request.user
        return contacts_for(user, CustomerPerm.CONTACT_VIEW)


@admin.register(BankBinding)
class BankBindingAdmin(ReadOnlyAdmin):
    """Withholding accounts by bank and last four."""

    guard: ClassVar[str] = "bank_binding"
    list_display = ("customer", "bank", "account_no_last4", "status", "bound_by", "confirmed_by")
    fields = (
        "customer",
        "bank",
        "branch",
        "account_no_last4",
        "status",
        "requested_at",
        "bound_by",
        "confirmed_by",
        "bound_at",
        "ended_at",
    )
    list_select_related = ("customer", "bound_by", "confirmed_by")
    ordering = ("pk",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> BankBindingQuerySet:
        user: Any = request.user
        return bindings_for(user, CustomerPerm.BANK_VIEW)


class AttributeForm(ModelForm):
    """A definition of the administrator's own organisation, whose codes are asked here."""

    organisation_id: ClassVar[int] = 0
    reason = CharField(
        label=_("变更原因"),
        max_length=300,
        required=False,
        help_text=_("修改已有定义时必填，写入变更历史"),
    )
    expected = IntegerField(widget=HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["expected"].initial = self.instance.version

    def clean_code(self) -> str:
        """One code once; the page does not show the organisation that the constraint names."""
        code = str(self.cleaned_data["code"])
        same = AttributeDefinition.objects.filter(organisation_id=self.organisation_id, code=code)
        if same.exists():
            raise ValidationError(_("本单位已有此代码的扩展属性"))
        return code


@admin.register(AttributeDefinition)
class AttributeDefinitionAdmin(ServiceAdmin):
    """Free attributes of the administrator's own organisation (B-26).

    What a value is and how sensitive it is stays as it was defined; names, order, weights, duty to
    fill and the days of use may be tuned, with a reason: `past` tells who did and why.
    """

    list_display = ("label", "code", "customer_kind", "value_kind", "data_class", "valid_to")
    list_filter = ("customer_kind", "value_kind", "data_class")
    search_fields = ("code", "label")
    ordering = ("position", "pk")
    exclude = ("organisation",)
    form = AttributeForm
    _fixed = ("customer_kind", "code", "value_kind", "dictionary", "data_class")

    def get_queryset(self, request: HttpRequest) -> AttributeQuerySet:
        user: Any = request.user
        return AttributeDefinition.objects.filter(organisation_id=user.organisation_id)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self._fixed, "past") if obj is not None else ()

    @admin.display(description=_("变更历史"))
    def past(self, obj: AttributeDefinition) -> str:
        """Who changed the definition, when, what and why; newest first."""
        lines = [
            (
                localtime(entry.at).strftime("%Y-%m-%d %H:%M"),
                entry.by,
                entry.reason,
                "；".join(f"{one.label}：{one.before} → {one.after}" for one in entry.changes),
            )
            for entry in timeline_of(obj)
        ]
        return format_html_join("", "<p>{} · {} · {}<br>{}</p>", lines)

    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, *args, **kwargs)
        user: Any = request.user
        form.organisation_id = user.organisation_id
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """By the services, which keep the history."""
        user: Any = request.user
        if change:
            edit_attribute(
                attribute=obj,
                changes={
                    name: form.cleaned_data[name] for name in form.changed_data if name in EDITABLE
                },
                expected=form.cleaned_data["expected"] or 0,
                reason=form.cleaned_data["reason"],
                by=user,
            )
            return
        names = [item.name for item in fields(NewAttribute)]
        data = NewAttribute(**{name: getattr(obj, name) for name in names})
        obj.pk = define_attribute(data=data, by=user).pk


@admin.register(FieldRule)
class FieldRuleAdmin(ReferenceAdmin):
    """Who keeps a field, how sensitive it is, what it weighs (T-64, domain 6.4).

    An office tunes names, order and weights here; authority and sensitivity change with a release,
    since two people have to answer for them (trust 4.3 c, field_registry).
    """

    list_display = ("profile", "section", "label", "authority", "data_class", "weight")
    list_filter = ("profile", "section", "authority", "data_class")
    search_fields = ("field", "label")
    ordering = ("profile", "position")
    readonly_fields = (
        "profile",
        "subject",
        "field",
        "section",
        "block",
        "authority",
        "data_class",
        "reader",
        "fieldsets",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
