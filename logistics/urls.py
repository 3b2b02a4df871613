from django.urls import path

from logistics.views import exports, firms, routes

app_name = "logistics"
urlpatterns = [
    path("", firms.FirmListView.as_view(), name="firms"),
    path("firms/export/", exports.FirmExportView.as_view(), name="firms-export"),
    path("routes/export/", exports.RouteExportView.as_view(), name="routes-export"),
    path("firms/add/", firms.FirmAddView.as_view(), name="firm-add"),
    path("firms/<int:pk>/", firms.FirmView.as_view(), name="firm"),
    path("firms/<int:pk>/edit/", firms.FirmEditView.as_view(), name="firm-edit"),
    path("firms/<int:pk>/office/", firms.FirmOfficeView.as_view(), name="firm-office"),
    path("firms/<int:pk>/branches/add/", firms.BranchAddView.as_view(), name="branch-add"),
    path("routes/", routes.RouteListView.as_view(), name="routes"),
    path("routes/add/", routes.RouteAddView.as_view(), name="route-add"),
    path("routes/<int:pk>/", routes.RouteView.as_view(), name="route"),
    path("routes/<int:pk>/edit/", routes.RouteEditView.as_view(), name="route-edit"),
]
