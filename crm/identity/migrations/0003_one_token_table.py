"""knox makes its own token table even when another model stands in its place: drop it.

Nothing ever writes to it, and its foreign key would stop the tests from emptying the people.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0002_administrators_apart"),
        ("knox", "0009_extend_authtoken_field"),
    ]

    operations = [
        migrations.RunSQL("DROP TABLE IF EXISTS knox_authtoken", migrations.RunSQL.noop),
    ]
