from crm.core.errors import DomainError


class BadTarget(DomainError):
    """An address the house does not call: not plain http(s), or inside a private network."""

    code = "bad_target"


class NotWaiting(DomainError):
    """The delivery is not in a state that can be retried or skipped."""

    code = "delivery_not_waiting"
