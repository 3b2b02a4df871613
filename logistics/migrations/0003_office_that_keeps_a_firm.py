"""Which office's assistant keeps a firm (R-48, domain 6.6 conflict 8)."""

import django.db.models.deletion
from django.db import migrations, models


FORWARD = """
CREATE FUNCTION logistics_firm_office_is_ours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM identity_department d
                   WHERE d.id = NEW.office_id AND d.organisation_id = NEW.organisation_id
                     AND d.kind = 'office') THEN
        RAISE EXCEPTION '维护办事处须是本单位的办事处' USING ERRCODE = 'P0001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER logistics_firm_office_is_ours BEFORE INSERT OR UPDATE ON logistics_logisticsfirm
    FOR EACH ROW WHEN (NEW.office_id IS NOT NULL)
    EXECUTE FUNCTION logistics_firm_office_is_ours();
"""

BACKWARD = """
DROP TRIGGER logistics_firm_office_is_ours ON logistics_logisticsfirm;
DROP FUNCTION logistics_firm_office_is_ours();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0003_one_token_table'),
        ('logistics', '0002_branch_parent_trigger'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicallogisticsfirm',
            name='office',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='identity.department', verbose_name='维护办事处'),
        ),
        migrations.AddField(
            model_name='logisticsfirm',
            name='office',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.department', verbose_name='维护办事处'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
