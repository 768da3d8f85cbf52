from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0002_payments_are_append_only'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='combopart',
            options={'ordering': ['position', 'pk'], 'verbose_name': 'part of a set menu', 'verbose_name_plural': 'parts of set menus'},
        ),
        migrations.AlterModelOptions(
            name='modifier',
            options={'ordering': ['position', 'pk'], 'verbose_name': 'choice', 'verbose_name_plural': 'choices'},
        ),
        migrations.AlterModelOptions(
            name='modifiergroup',
            options={'ordering': ['name', 'pk'], 'verbose_name': 'question', 'verbose_name_plural': 'choices & extras'},
        ),
        migrations.AlterModelOptions(
            name='orderexception',
            options={'ordering': ['-pk'], 'verbose_name': 'exception'},
        ),
        migrations.AlterModelOptions(
            name='orderline',
            options={'ordering': ['position', 'pk'], 'verbose_name': 'line'},
        ),
        migrations.AlterModelOptions(
            name='orderlock',
            options={'ordering': ['pk'], 'verbose_name': 'hold of a card machine', 'verbose_name_plural': 'holds of card machines'},
        ),
        migrations.AlterModelOptions(
            name='portion',
            options={'ordering': ['position', 'pk'], 'verbose_name': 'size', 'verbose_name_plural': 'sizes and prices'},
        ),
        migrations.AlterModelOptions(
            name='vatclass',
            options={'ordering': ['name'], 'verbose_name': 'VAT class', 'verbose_name_plural': 'VAT classes'},
        ),
        migrations.AlterModelOptions(
            name='vatrate',
            options={'ordering': ['vat_class', '-valid_from'], 'verbose_name': 'VAT rate'},
        ),
    ]
