from django.urls import path

from archive.views import customer, files, papers

app_name = "archive"
urlpatterns = [
    path("customers/<int:pk>/", customer.CustomerFilesView.as_view(), name="customer-files"),
    path(
        "customers/<int:pk>/add/", customer.CustomerFileAddView.as_view(), name="customer-file-add"
    ),
    path(
        "customers/<int:pk>/certificates/",
        papers.CertificateScansView.as_view(),
        name="certificate-scans",
    ),
    path("certificates/<int:pk>/link/", papers.ScanLinkView.as_view(), name="scan-link"),
    path("scans/<int:pk>/unlink/", papers.ScanUnlinkView.as_view(), name="scan-unlink"),
    path("<uuid:public_id>/", files.FileView.as_view(), name="file"),
    path("<uuid:public_id>/download/", files.DownloadView.as_view(), name="download"),
    path("<uuid:public_id>/replace/", files.ReplaceView.as_view(), name="replace"),
    path("<uuid:public_id>/void/", files.VoidView.as_view(), name="void"),
]
