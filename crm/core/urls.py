from django.urls import path

from crm.core import web

app_name = "core"
urlpatterns = [
    path("drafts/", web.DraftListView.as_view(), name="drafts"),
    path("drafts/<slug:form>/<str:subject>/", web.DraftView.as_view(), name="draft"),
    path("regions/<str:province>/", web.CitiesView.as_view(), name="cities"),
]
