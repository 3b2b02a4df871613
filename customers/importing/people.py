"""Names in a sheet and whom they mean: people in post, or of the workbook's own list (B229)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.identity.choices import Duty
from crm.identity.models import Department, Post
from crm.identity.services.listing import ListedPerson, list_people
from crm.imports.kinds import Draft, Listed, Order

NEW = "new_"
_DUTIES = {"专管员": Duty.LO, "客户经理": Duty.AM, "": Duty.AM}


class People:
    """Holders of one duty by name and by user name, and those the workbook lists."""

    def __init__(
        self, organisation: Department, duty: Duty, listed: Mapping[str, Sequence[Listed]]
    ) -> None:
        self._duty = duty
        self._listed = listed
        self._known: dict[str, dict[int, tuple[str, int]]] = {}
        posts = Post.objects.live(timezone.localdate()).filter(
            duty=duty, department__organisation=organisation, user__is_active=True
        )
        for pk, name, username, home in posts.order_by("-pk").values_list(
            "user_id", "user__name", "user__username", "department_id"
        ):
            for word in {name, username}:
                self._known.setdefault(word, {})[pk] = (username, home)

    def meet(self, draft: Draft, column: str) -> None:
        """Find whom a cell names; mark it when nobody or more than one goes by that name."""
        name = str(draft.values.get(column, ""))
        if not name:
            return
        found = self._known.get(name, {})
        listed = self._of_list(name)
        if len(found) == 1:
            pk, (_username, home) = next(iter(found.items()))
            draft.links |= {column: pk, f"{column}_home": home}
        elif found:
            names = "、".join(sorted(username for username, _home in found.values()))
            words = _("有 %(count)d 位同名的%(duty)s，请改填用户名：%(names)s")
            told = {"count": len(found), "duty": self._duty.label, "names": names}
            draft.refuse(column, "ambiguous_person", words % told)
        elif len(listed) == 1:
            draft.links[f"{NEW}{column}"] = asdict(listed[0])
        else:
            words = _("没有名为“%(name)s”的在岗%(duty)s，请核对姓名")
            told_name = {"name": name, "duty": self._duty.label}
            draft.refuse(column, "unknown_person", words % told_name)

    def _of_list(self, name: str) -> list[Listed]:
        return [one for one in self._listed.get(name, ()) if _DUTIES.get(one.duty) == self._duty]


def settle_people(drafts: Sequence[Draft], order: Order, duties: Mapping[str, Duty]) -> None:
    """Put keys in place of new people: those made by an earlier slice, else made now."""
    for column, duty in duties.items():
        wanted: dict[str, dict[str, Any]] = {}
        for draft in drafts:
            if listed := draft.links.get(f"{NEW}{column}"):
                wanted.setdefault(listed["name"], listed)
        if not wanted:
            continue
        posts = Post.objects.live(timezone.localdate()).filter(
            duty=duty,
            department__organisation=order.organisation,
            user__is_active=True,
            user__name__in=wanted,
        )
        known = dict(posts.order_by("-pk").values_list("user__name", "user_id"))
        missing = [_card(one, duty) for name, one in sorted(wanted.items()) if name not in known]
        if missing:
            known |= list_people(
                organisation=order.organisation,
                people=missing,
                by=order.by,
                confirmed_by=order.released_by,
            )
        homes = dict(
            Post.objects.filter(duty=duty, user_id__in=known.values()).values_list(
                "user_id", "department_id"
            )
        )
        for draft in drafts:
            if listed := draft.links.get(f"{NEW}{column}"):
                pk = known[listed["name"]]
                draft.links |= {column: pk, f"{column}_home": homes[pk]}


def _card(listed: Mapping[str, Any], duty: Duty) -> ListedPerson:
    return ListedPerson(
        name=listed["name"],
        duty=duty,
        mobile=listed["mobile"],
        position=listed["position"],
        sex=listed["sex"],
        address=listed["address"],
        postcode=listed["postcode"],
    )
