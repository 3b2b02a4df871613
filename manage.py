#!/usr/bin/env python
"""Django's door. Runs as the database's owner; web, worker and beat run with less (D1).

The doctor looks with their eyes: one of his questions is what that account may do.
"""

import sys

from django.core.management import execute_from_command_line

from crm.launch import prepare

if __name__ == "__main__":
    prepare("app" if sys.argv[1:2] == ["doctor"] else "owner")
    execute_from_command_line(sys.argv)
