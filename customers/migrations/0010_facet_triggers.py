"""The summary of customers is kept by the statements that change them (speed 3, B187).

Each statement adds plus and minus rows; nothing is updated, so writers never wait for each other.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION customers_sum_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO customers_customerfacet (organisation_id, department_id, area_id, manager_id,
    secrecy, status, temporal_class, lifecycle, customer_type, customer_class, customer_level,
    city_id, number)
    SELECT c.organisation_id, c.department_id, c.area_id, c.manager_id, c.secrecy, c.status,
        c.temporal_class, c.lifecycle, c.customer_type, c.customer_class,
        coalesce(r.customer_level, ''), c.city_id, count(*)
    FROM new_rows c LEFT JOIN customers_retailprofile r ON r.customer_id = c.id
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12;
    RETURN NULL;
END $$;
CREATE TRIGGER customers_customer_summed AFTER INSERT ON customers_customer
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_sum_new();

CREATE FUNCTION customers_sum_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO customers_customerfacet (organisation_id, department_id, area_id, manager_id,
    secrecy, status, temporal_class, lifecycle, customer_type, customer_class, customer_level,
    city_id, number)
    SELECT m.organisation_id, m.department_id, m.area_id, m.manager_id, m.secrecy, m.status,
        m.temporal_class, m.lifecycle, m.customer_type, m.customer_class,
        coalesce(r.customer_level, ''), m.city_id, sum(m.step)
    FROM (
        SELECT n.*, 1 AS step FROM new_rows n JOIN old_rows o USING (id)
        WHERE (n.organisation_id, n.department_id, n.area_id, n.manager_id, n.secrecy, n.status,
            n.temporal_class, n.lifecycle, n.customer_type, n.customer_class, n.city_id)
            IS DISTINCT FROM (o.organisation_id, o.department_id, o.area_id, o.manager_id, o.secrecy, o.status,
            o.temporal_class, o.lifecycle, o.customer_type, o.customer_class, o.city_id)
        UNION ALL
        SELECT o.*, -1 AS step FROM new_rows n JOIN old_rows o USING (id)
        WHERE (n.organisation_id, n.department_id, n.area_id, n.manager_id, n.secrecy, n.status,
            n.temporal_class, n.lifecycle, n.customer_type, n.customer_class, n.city_id)
            IS DISTINCT FROM (o.organisation_id, o.department_id, o.area_id, o.manager_id, o.secrecy, o.status,
            o.temporal_class, o.lifecycle, o.customer_type, o.customer_class, o.city_id)
    ) AS m LEFT JOIN customers_retailprofile r ON r.customer_id = m.id
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    HAVING sum(m.step) <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER customers_customer_resummed AFTER UPDATE ON customers_customer
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION customers_sum_moved();

CREATE FUNCTION customers_sum_level() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO customers_customerfacet (organisation_id, department_id, area_id,
        manager_id, secrecy, status, temporal_class, lifecycle, customer_type, customer_class,
        customer_level, city_id, number)
        SELECT c.organisation_id, c.department_id, c.area_id, c.manager_id, c.secrecy, c.status,
            c.temporal_class, c.lifecycle, c.customer_type, c.customer_class, v.level,
            c.city_id, sum(v.step)
        FROM new_rows n JOIN customers_customer c ON c.id = n.customer_id
        CROSS JOIN LATERAL (VALUES (n.customer_level, 1), ('', -1)) AS v (level, step)
        WHERE n.customer_level <> ''
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
        HAVING sum(v.step) <> 0;
    ELSE
        INSERT INTO customers_customerfacet (organisation_id, department_id, area_id,
        manager_id, secrecy, status, temporal_class, lifecycle, customer_type, customer_class,
        customer_level, city_id, number)
        SELECT c.organisation_id, c.department_id, c.area_id, c.manager_id, c.secrecy, c.status,
            c.temporal_class, c.lifecycle, c.customer_type, c.customer_class, v.level,
            c.city_id, sum(v.step)
        FROM new_rows n JOIN old_rows o USING (id)
        JOIN customers_customer c ON c.id = n.customer_id
        CROSS JOIN LATERAL
            (VALUES (n.customer_level, 1), (o.customer_level, -1)) AS v (level, step)
        WHERE n.customer_level <> o.customer_level
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
        HAVING sum(v.step) <> 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER customers_retail_summed AFTER INSERT ON customers_retailprofile
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION customers_sum_level();
CREATE TRIGGER customers_retail_resummed AFTER UPDATE ON customers_retailprofile
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION customers_sum_level();

INSERT INTO customers_customerfacet (organisation_id, department_id, area_id, manager_id,
secrecy, status, temporal_class, lifecycle, customer_type, customer_class, customer_level,
city_id, number)
SELECT c.organisation_id, c.department_id, c.area_id, c.manager_id, c.secrecy, c.status,
    c.temporal_class, c.lifecycle, c.customer_type, c.customer_class, coalesce(r.customer_level,
    ''), c.city_id, count(*)
FROM customers_customer c LEFT JOIN customers_retailprofile r ON r.customer_id = c.id
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12;
"""

BACKWARD = """
DROP TRIGGER customers_retail_resummed ON customers_retailprofile;
DROP TRIGGER customers_retail_summed ON customers_retailprofile;
DROP FUNCTION customers_sum_level();
DROP TRIGGER customers_customer_resummed ON customers_customer;
DROP FUNCTION customers_sum_moved();
DROP TRIGGER customers_customer_summed ON customers_customer;
DROP FUNCTION customers_sum_new();
DELETE FROM customers_customerfacet;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0009_facets")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
