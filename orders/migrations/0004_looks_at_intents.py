from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0003_words_of_the_back_office'),
        ('pos', '0003_people_in_words'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='paymentintent',
            name='payment_intent_due',
        ),
        migrations.AddField(
            model_name='paymentintent',
            name='failed_looks',
            field=models.PositiveIntegerField(default=0, help_text='How often in vain, one after the other.'),
        ),
        migrations.AddField(
            model_name='paymentintent',
            name='looking_until',
            field=models.DateTimeField(blank=True, help_text='Till then somebody asks Dojo about it.', null=True),
        ),
        migrations.AddField(
            model_name='paymentintent',
            name='order_names',
            field=models.JSONField(blank=True, default=list, help_text='Of an order that we do not have yet.'),
        ),
        migrations.AddIndex(
            model_name='paymentintent',
            index=models.Index(condition=models.Q(('next_look_at__isnull', False)), fields=['venue', 'next_look_at'], name='payment_intent_due'),
        ),
    ]
