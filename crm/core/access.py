"""The one gate: every row a person reaches was handed out by a gate function."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import Model, QuerySet

from crm.core.errors import Forbidden, NotFound
from crm.core.policy import Perm
from crm.core.services.access_log import log_denial

if TYPE_CHECKING:
    from crm.identity.models import User

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Perm)


def fetch(
    gate: "Callable[[User, P], QuerySet[M]]", user: "User", perm: P, *, see: P, **key: Any
) -> M:
    """Return the row, or say 404 when the user may not know of it and 403 when he may not act.

    `key` is one exact lookup such as `pk=7` or `code="61010000000153"`.
    Raises NotFound, Forbidden. Rules: trust finding 9.
    """
    row = gate(user, perm).filter(**key).first()
    if row is not None:
        return row
    if perm != see and gate(user, see).filter(**key).exists():
        log_denial(user=user, perm=perm, key=str(next(iter(key.values()))))
        raise Forbidden
    raise NotFound
