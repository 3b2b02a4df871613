"""The brake on the log-in (axes) that also tells whose door was tried (B262).

It stands here because the room of people knows no messages; settings name it by its path.
"""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler

from crm.outbox import services as outbox


class TellingHandler(AxesDatabaseHandler):
    """Counts as axes does; the failure that locks an account is told to its owner."""

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any
    ) -> None:
        locked_before = request is not None and self.is_locked(request, credentials)
        super().user_login_failed(sender, credentials, request, **kwargs)
        if request is None or locked_before or not request.axes_locked_out:
            return
        (attempts,) = self.get_user_attempts(request, credentials)
        first = attempts.order_by("pk").first()
        if first is not None and first.username:
            outbox.tell_lockout(
                username=first.username, ip=request.axes_ip_address, attempt=first.pk
            )
