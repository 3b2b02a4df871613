"""A branch hangs on a head office of its own organisation (R-49): no CHECK can look across rows."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION logistics_firm_parent_is_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.parent_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM logistics_logisticsfirm head
        WHERE head.id = NEW.parent_id AND head.kind = 'head'
          AND head.organisation_id = NEW.organisation_id AND head.short_name = NEW.short_name
        FOR SHARE
    ) THEN
        RAISE EXCEPTION '所属总部须是本单位登记的总部,简称须与总部一致' USING ERRCODE = 'P0001';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.kind = 'head'
       AND (NEW.kind, NEW.short_name, NEW.organisation_id)
           IS DISTINCT FROM (OLD.kind, OLD.short_name, OLD.organisation_id)
       AND EXISTS (SELECT 1 FROM logistics_logisticsfirm b WHERE b.parent_id = NEW.id) THEN
        RAISE EXCEPTION '该总部已有分支机构,不能改变类别或简称' USING ERRCODE = 'P0001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER logistics_firm_parent_is_head
BEFORE INSERT OR UPDATE ON logistics_logisticsfirm
FOR EACH ROW EXECUTE FUNCTION logistics_firm_parent_is_head();
"""

BACKWARD = """
DROP TRIGGER logistics_firm_parent_is_head ON logistics_logisticsfirm;
DROP FUNCTION logistics_firm_parent_is_head();
"""


class Migration(migrations.Migration):
    dependencies = [("logistics", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
