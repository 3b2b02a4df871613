"""Change what stands in an archive: directly within one's authority, or from an approved form."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from crm.core.errors import Forbidden, StaleVersion
from crm.core.history import save_as
from crm.core.masking import is_masked
from crm.core.models import Region
from crm.core.sealed import seal, sealed_fields, unseal
from crm.identity.models import User
from crm.outbox.choices import Topic
from crm.outbox.services import publish
from customers.access import Eyes, get_customer, rules_of, visible_fields
from customers.choices import (
    Authority,
    CustomerPerm,
    DataClass,
    Subject,
    TimelineKind,
    Visibility,
)
from customers.errors import AlreadyExists, NotWithinAuthority, StaleValue
from customers.models import (
    Customer,
    FieldRule,
    RepairProfile,
    RetailProfile,
    SubscriberProfile,
)
from customers.selectors.duplicates import StrongKeys, holder_of
from customers.selectors.fields import OWN_SERVICE, current_values, masked_text
from customers.services._extras import write_extras
from customers.services._names import lock_keys, set_name
from customers.services.marks import add_timeline
from customers.values import FieldChange, cleaned

_RECORDS: Final = (Subject.CUSTOMER, Subject.RETAIL, Subject.REPAIR, Subject.SUBSCRIBER)


@transaction.atomic
def edit_customer(
    *,
    customer: Customer,
    changes: Mapping[str, Any],
    expected: int,
    reason: str,
    by: User,
) -> Customer:
    """Change fields the person may set directly: those of local authority, within his scope.

    `changes` maps field names (`address`, `repair.main_business`) to typed values; foreign keys
    are keys. `expected` is the version the form was opened on; it counts for the whole archive.
    A masked value that comes back means "unchanged". Sight and right are asked again under the
    lock, so a manager who lost the customer meanwhile gets 404 (RF-10).
    Raises StaleVersion, NotFound, Forbidden, NotWithinAuthority, AlreadyExists, ValidationError.
    Rules: R-21, T-59, T-62 to T-64, B-20, B-21, B-26, B-45, RF-06, RF-07, RF-10, PM-10.
    """
    row = _locked(customer)
    get_customer(by, CustomerPerm.UPDATE, row.pk)
    if row.version != expected:
        raise StaleVersion(current=row.version)
    if not Eyes(by).may_change_level(row):
        raise Forbidden(_("该客户的管控级别高于您的权限"))
    rules = {rule.key: rule for rule in rules_of(row)}
    sights = visible_fields(by, row, list(rules.values()))
    wanted = {
        key: value
        for key, value in ((_full(name), value) for name, value in changes.items())
        if not _comes_back_masked(row, key, value, sights.get(key, Visibility.HIDDEN))
    }
    for key in wanted:
        _ensure_own(key, rules.get(key), sights.get(key, Visibility.HIDDEN))
    return _write(row, wanted, rules, by=by, reason=reason)


@transaction.atomic
def apply_fields(
    *,
    customer: Customer,
    changes: Sequence[FieldChange],
    authorities: Collection[Authority],
    form: str,
    by: User,
    reason: str = "",
) -> Customer:
    """Write the lines of an approved form, or of a message from whoever keeps the fields.

    `authorities` are those the caller speaks for; a line outside them is refused, and so is one
    whose `before` is no longer what stands there. Raises NotWithinAuthority, StaleValue,
    ValidationError. Rules: T-45, T-61 to T-63, domain 5.1 (14), 5.3 (4).
    """
    row = _locked(customer)
    rules = {rule.key: rule for rule in rules_of(row)}
    now = current_values(row, [change.key for change in changes if change.key in rules])
    for change in changes:
        rule = rules.get(change.key)
        if rule is None or change.key in OWN_SERVICE or rule.authority not in authorities:
            raise NotWithinAuthority(
                _("此项目不由本单位维护：%(field)s")
                % {"field": rule.label if rule else change.key},
                field=change.key,
            )
        if (now[change.key] or None) != (change.before or None):
            raise StaleValue(
                _("%(field)s已被修改，请核对后重新填写") % {"field": rule.label}, field=change.key
            )
    wanted = {change.key: change.after for change in changes}
    return _write(row, wanted, rules, by=by, reason=reason or form, form=form)


def _locked(customer: Customer) -> Customer:
    return (
        Customer.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .get(pk=customer.pk)
    )


def _full(name: str) -> str:
    return name if "." in name else f"{Subject.CUSTOMER}.{name}"


def _comes_back_masked(row: Customer, key: str, value: Any, see: Visibility) -> bool:
    """Whether a typed value is only the mask of what stands there (B049)."""
    if not (isinstance(value, str) and is_masked(value)):
        return False
    subject, _dot, name = key.partition(".")
    now = getattr(row, name, "") if subject == Subject.CUSTOMER else ""
    return see == Visibility.MASKED or (bool(now) and value == masked_text(name, str(now)))


def _ensure_own(key: str, rule: FieldRule | None, see: Visibility) -> None:
    """Refuse a field that others keep, that no rule names, or that the person cannot see."""
    name = key.removeprefix(f"{Subject.CUSTOMER}.")
    if rule is None or rule.subject not in (*_RECORDS, Subject.EXTRA) or key in OWN_SERVICE:
        raise NotWithinAuthority(_("此项目不能直接修改：%(field)s") % {"field": name}, field=name)
    if rule.authority != Authority.LOCAL or see == Visibility.HIDDEN:
        raise NotWithinAuthority(
            _("%(field)s不由本单位维护，请走相应的审批表") % {"field": rule.label}, field=name
        )


def _write(
    row: Customer,
    wanted: Mapping[str, Any],
    rules: Mapping[str, FieldRule],
    *,
    by: User,
    reason: str,
    form: str = "",
) -> Customer:
    """Set the values on their records and save each; the customer's version rises once."""
    touched: list[str] = []
    for subject in _RECORDS:
        own = {
            key.partition(".")[2]: value
            for key, value in wanted.items()
            if key.startswith(f"{subject}.")
        }
        if own:
            record = row if subject == Subject.CUSTOMER else _record(row, subject)
            touched += [f"{subject}.{name}" for name in _set(record, subject, own)]
            if record is not row:
                save_as(record, by=by, reason=reason, expected=None, form=form)
    touched += write_extras(row, wanted, by=by, reason=reason, form=form)
    store = wanted.get("retail.store_name")
    if store and "customer.name" not in wanted:
        set_name(row, cleaned("customer", {"name": store})["name"])
    _ensure_alone(row, touched)
    save_as(row, by=by, reason=reason, expected=None, form=form)
    if touched:
        _announce(row, touched, rules, by=by, form=form)
    return row


def _record(row: Customer, subject: str) -> models.Model:
    """The one record of that kind, made when the archive has none yet."""
    if subject == Subject.RETAIL:
        found = RetailProfile.objects.select_for_update().filter(customer=row).first()
        return found or RetailProfile(
            customer=row, organisation_id=row.organisation_id, store_name=row.name
        )
    model = SubscriberProfile if subject == Subject.SUBSCRIBER else RepairProfile
    return model._base_manager.select_for_update().filter(customer=row).first() or model(
        customer=row
    )


def _set(record: models.Model, subject: str, values: Mapping[str, Any]) -> list[str]:
    """Put checked values on a record; the names that really changed."""
    good, sealed, changed = cleaned(subject, values), set(sealed_fields(type(record))), []
    for name, value in good.items():
        if name in sealed:
            if value != unseal(record, name):
                seal(record, name, value)
                changed.append(name)
            continue
        field = record._meta.get_field(name)
        attname = field.attname  # type: ignore[union-attr]
        is_link = isinstance(field, models.ForeignKey)
        stored = field.to_python(getattr(value, "pk", value) or None) if is_link else value  # type: ignore[union-attr]
        if getattr(record, attname) != stored:
            changed.append(name)
            setattr(record, attname, stored)
    if subject == Subject.CUSTOMER and "name" in changed:
        set_name(record, good["name"])  # type: ignore[arg-type]
    if subject == Subject.CUSTOMER and {"province", "city", "region"} & set(changed):
        _ensure_regions(record)  # type: ignore[arg-type]
    return changed


def _ensure_regions(row: Customer) -> None:
    """City in province, county in city (R-22). The code keeps its first city (B-33)."""
    city = Region.objects.filter(pk=row.city_id, level=2, parent_id=row.province_id).first()
    if city is None:
        raise ValidationError({"city": _("请选择该省份下的地市")})
    if row.region_id and not Region.objects.filter(pk=row.region_id, parent=city).exists():
        raise ValidationError({"region": _("请选择该地市下的区县")})


def _ensure_alone(row: Customer, touched: Collection[str]) -> None:
    """A changed strong key must not be another's (R-10, R-23)."""
    licence = ""
    if "retail.licence_no" in touched:
        licence = RetailProfile.objects.values_list("licence_no", flat=True).get(customer=row)
    keys = StrongKeys(
        credit_code=row.credit_code if "customer.credit_code" in touched else "",
        licence_no=licence,
        name=row.name if row.unique_name and "customer.name" in touched else "",
    )
    lock_keys(row.organisation_id, keys.items())
    for what, value in keys.items():
        other = holder_of(row.organisation_id, StrongKeys(**{what: value}))
        if other is not None and other[0].pk != row.pk:
            raise AlreadyExists(field=what)


def _announce(
    row: Customer,
    touched: list[str],
    rules: Mapping[str, FieldRule],
    *,
    by: User,
    form: str,
) -> None:
    words = [rules[key].label for key in touched if key in rules]
    add_timeline(
        customer=row, kind=TimelineKind.CHANGED, values={"fields": touched, "form": form}, by=by
    )
    public = [key for key in touched if rules[key].data_class != DataClass.SENSITIVE]
    publish(
        topic=Topic.CUSTOMER_CHANGED,
        key=f"{row.code}:{row.version}",
        payload={"customer": row.code, "version": row.version, "fields": public, "form": form},
        organisation_id=row.organisation_id,
        customer=row.pk,
        people=[row.manager_id] if row.manager_id and row.manager_id != by.pk else [],
        values={
            "name": row.name,
            "code": row.code,
            "what": "、".join(words),
            "customer_id": row.pk,
        },
    )
