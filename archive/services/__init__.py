from archive.services.files import (
    attach_file,
    freeze_print,
    lock_files,
    replace_file,
    store_file,
    void_file,
)
from archive.services.papers import link_scan, unlink_scan
from archive.services.reading import open_file
from archive.services.sweeping import sweep_orphans, verify_files

__all__ = [
    "attach_file",
    "freeze_print",
    "link_scan",
    "lock_files",
    "open_file",
    "replace_file",
    "store_file",
    "sweep_orphans",
    "unlink_scan",
    "verify_files",
    "void_file",
]
