"""A customer's carrier is a registered head office or branch of its own organisation (R-49)."""

import django.db.models.deletion
from django.db import migrations, models


FORWARD = """
CREATE FUNCTION customers_carrier_of_same_house() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM customers_customer c JOIN logistics_logisticsfirm f
          ON f.organisation_id = c.organisation_id
        WHERE c.id = NEW.customer_id AND f.id = NEW.logistics_firm_id
    ) THEN
        RAISE EXCEPTION '物流公司须是本单位登记的总部或分支' USING ERRCODE = 'P0001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customers_carrier_of_same_house BEFORE INSERT OR UPDATE ON customers_repairprofile
    FOR EACH ROW WHEN (NEW.logistics_firm_id IS NOT NULL)
    EXECUTE FUNCTION customers_carrier_of_same_house();
"""

BACKWARD = """
DROP TRIGGER customers_carrier_of_same_house ON customers_repairprofile;
DROP FUNCTION customers_carrier_of_same_house();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0006_units_keep_their_order'),
        ('logistics', '0002_branch_parent_trigger'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalrepairprofile',
            name='logistics_firm',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='logistics.logisticsfirm', verbose_name='物流公司'),
        ),
        migrations.AddField(
            model_name='repairprofile',
            name='logistics_firm',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='logistics.logisticsfirm', verbose_name='物流公司'),
        ),
        migrations.AlterField(
            model_name='historicalrepairprofile',
            name='logistics_name',
            field=models.CharField(blank=True, max_length=80, verbose_name='物流公司（原文）'),
        ),
        migrations.AlterField(
            model_name='repairprofile',
            name='logistics_name',
            field=models.CharField(blank=True, max_length=80, verbose_name='物流公司（原文）'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
