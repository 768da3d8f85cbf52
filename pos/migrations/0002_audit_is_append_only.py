from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pos", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
                CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
                END $$;
                CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON pos_auditentry
                    FOR EACH ROW EXECUTE FUNCTION refuse_change();
            """,
            reverse_sql="""
                DROP TRIGGER audit_is_append_only ON pos_auditentry;
                DROP FUNCTION refuse_change();
            """,
        ),
    ]
