"""The sentences of triggers get the full-width comma that Chinese is written with."""

from django.db import migrations

SENTENCES = [
    "号码由系统生成,终身不变",
    "客户档案只能注销,不能删除",
    "扩展属性只能停用,不能删除",
    "时间线只能追加,不能修改或删除",
    "核验记录只能追加,不能修改或删除",
    "记录只能停用或注销,不能删除",
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
    dependencies = [("customers", "0015_duplicate_pairs")]
    operations = [_replace(text) for text in SENTENCES]
