"""PM-20: the three administrator duties exclude each other and every business duty.

The trigger locks the person's row first, so two grants at the same moment see each other.
"""

from django.db import migrations

APART = """
CREATE FUNCTION identity_administrators_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ended_at IS NOT NULL THEN
        RETURN NEW;
    END IF;
    PERFORM 1 FROM identity_user WHERE id = NEW.user_id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT 1 FROM identity_post other
        WHERE other.user_id = NEW.user_id
          AND other.id <> NEW.id
          AND other.duty <> NEW.duty
          AND other.ended_at IS NULL
          AND (other.duty IN ('SYS', 'SEC', 'AUD') OR NEW.duty IN ('SYS', 'SEC', 'AUD'))
          AND daterange(other.starts_on, other.ends_on, '[]')
              && daterange(NEW.starts_on, NEW.ends_on, '[]')
    ) THEN
        RAISE EXCEPTION '系统管理员、安全管理员、审计员三者不能由同一人兼任，也不能兼任业务岗位'
            USING ERRCODE = 'P0001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER identity_post_administrators_apart BEFORE INSERT OR UPDATE ON identity_post
    FOR EACH ROW EXECUTE FUNCTION identity_administrators_apart();
"""
TOGETHER = """
DROP TRIGGER identity_post_administrators_apart ON identity_post;
DROP FUNCTION identity_administrators_apart();
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial")]

    operations = [migrations.RunSQL(APART, TOGETHER)]
