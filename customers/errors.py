"""This room's refusals."""

from collections.abc import Callable
from http import HTTPStatus

from django.utils.translation import gettext as _

from crm.core.errors import DomainError


class AlreadyExists(DomainError):
    """Somebody recorded this customer first (R-10, RF-09). Never says whose it is.

    `seen_code` names the row only when the caller may see it. `keep` writes the conflict for the
    general manager: `register_customer` has called it; whoever wraps the service in a longer
    transaction calls it again once that one has rolled back (it is repeatable).
    """

    code = "already_exists"

    def __init__(self, message: str = "", *, field: str | None = None, seen_code: str = "") -> None:
        super().__init__(message or _("已存在，先记录者优先"), field=field)
        self.seen_code = seen_code
        self.keep: Callable[[], object] | None = None

    def after_rollback(self) -> None:
        """Write what must outlive the refused transaction."""
        if self.keep is not None:
            self.keep()


class NotWithinAuthority(DomainError):
    """The field is kept by somebody else (T-59, T-62 to T-64)."""

    code = "not_within_authority"
    status = HTTPStatus.FORBIDDEN


class StaleValue(DomainError):
    """The record moved on between filling the form and applying it."""

    code = "stale_value"


class WrongState(DomainError):
    """The step does not follow from the present state (domain 5)."""

    code = "wrong_state"


class SecondPersonNeeded(DomainError):
    """The same person may not do both halves (PM-04)."""

    code = "second_person_needed"
    status = HTTPStatus.FORBIDDEN


class NotManager(DomainError):
    """Only a holder of the manager's duty may be put in charge (R-9, R-17, R-29)."""

    code = "not_manager"


class TooManyReveals(DomainError):
    """More clear values asked for than an hour allows."""

    code = "too_many_reveals"
    status = HTTPStatus.TOO_MANY_REQUESTS
    retry_after = 600


class TooManySearches(DomainError):
    """Asking again and again whether somebody is here is a way to find out (RF-09)."""

    code = "too_many_searches"
    status = HTTPStatus.TOO_MANY_REQUESTS
    retry_after = 60


class NotByOwnHand(DomainError):
    """Only the outside system itself may say that it has the data."""

    code = "not_by_own_hand"
    status = HTTPStatus.FORBIDDEN
