from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial"), ("pos", "0002_audit_is_append_only")]

    operations = [
        migrations.RunSQL(
            sql="""
                CREATE TRIGGER payments_are_append_only BEFORE UPDATE OR DELETE ON orders_payment
                    FOR EACH ROW EXECUTE FUNCTION refuse_change();
            """,
            reverse_sql="DROP TRIGGER payments_are_append_only ON orders_payment;",
        ),
    ]
