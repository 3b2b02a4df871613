from archive.models.file import FileLink, FileLinkQuerySet, StoredFile, StoredFileQuerySet
from archive.models.paper import CertificateScan, CertificateScanQuerySet

__all__ = [
    "CertificateScan",
    "CertificateScanQuerySet",
    "FileLink",
    "FileLinkQuerySet",
    "StoredFile",
    "StoredFileQuerySet",
]
