"""The real URLconf and a few views that go wrong on purpose, for the tests of error pages."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, InterfaceError, OperationalError
from django.urls import path

from crm.core.api import GuardedAPIView
from crm.core.errors import Forbidden, NotFound, StaleVersion, StillRunning, TooLarge
from crm.core.policy import Door, Rule, reads
from crm.core.views import Guarded
from crm.urls import handler400, handler403, handler404, handler500, urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
CANARY = "机密张三丰13912345678"
WRONG = {
    "bug": ValueError(CANARY),
    "constraint": IntegrityError(f'duplicate key "x"\nDETAIL:  Key (name)=({CANARY}) exists.'),
    "away": OperationalError(f"could not connect to server 10.1.2.3 {CANARY}"),
    "closed": InterfaceError("connection already closed"),
    "denied": PermissionDenied(CANARY),
    "forbidden": Forbidden(),
    "missing": NotFound(),
    "stale": StaleVersion(),
    "running": StillRunning("相同的请求正在处理"),
    "large": TooLarge("文件超过 20 MB"),
}


class BrokenView(Guarded):
    rules = reads(Rule(Door.ANYONE))

    def get(self, request, what):
        raise WRONG[what]


class BrokenApiView(GuardedAPIView):
    rules = reads(Rule(Door.SIGNED_IN))

    def get(self, request, what):
        raise WRONG[what]


urlpatterns = [
    path("broken/<str:what>/", login_not_required(BrokenView.as_view())),
    path("api/v1/broken/<str:what>/", login_not_required(BrokenApiView.as_view())),
    *urlpatterns,
]
