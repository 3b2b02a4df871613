"""The wizard's routes for the kinds a house has; `crm.urls` calls it."""

from collections.abc import Sequence
from typing import Any

from django.urls import URLPattern, path

from crm.imports import views
from crm.imports.kinds import Kind

app_name = "imports"


def routes_for(kinds: Sequence[Kind]) -> tuple[list[URLPattern], str]:
    """What `include` takes."""

    def to(view: type[views.WithKinds]) -> Any:
        return view.as_view(kinds=kinds)

    return [
        path("", to(views.HistoryView), name="history"),
        path("new/<slug:kind>/", to(views.UploadView), name="upload"),
        path("<int:pk>/", to(views.BatchView), name="batch"),
        path("<int:pk>/map/", to(views.MapView), name="map"),
        path("<int:pk>/cells/", to(views.MendView), name="mend"),
        path("<int:pk>/submit/", to(views.SubmitView), name="submit"),
        path("<int:pk>/release/", to(views.ReleaseView), name="release"),
        path("<int:pk>/return/", to(views.ReturnView), name="return"),
        path("<int:pk>/progress/", to(views.ProgressView), name="progress"),
        path("<int:pk>/cancel/", to(views.CancelView), name="cancel"),
        path("<int:pk>/resume/", to(views.ResumeView), name="resume"),
        path("<int:pk>/undo/", to(views.UndoView), name="undo"),
        path("<int:pk>/errors.xlsx", to(views.ErrorsView), name="errors"),
    ], app_name
