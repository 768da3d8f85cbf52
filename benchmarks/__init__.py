"""How fast Dojo is answered, beside what plain Django could do on the same server; `make bench` runs it."""
