"""The sentences of triggers get the full-width comma that Chinese is written with."""

from django.db import migrations

SENTENCES = [
    "访问日志只能追加,不能修改或删除",
]
REPLACE = """
DO $$
DECLARE
    made text;
BEGIN
    FOR made IN
        SELECT pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND strpos(prosrc, '{old}') > 0
    LOOP
        EXECUTE replace(made, '{old}', '{new}');
    END LOOP;
END $$
"""


def _replace(text):
    full = text.replace(",", "，")
    return migrations.RunSQL(
        REPLACE.format(old=text, new=full), REPLACE.format(old=full, new=text)
    )


class Migration(migrations.Migration):
    dependencies = [("core", "0003_triggers_and_sequences")]
    operations = [_replace(text) for text in SENTENCES]
