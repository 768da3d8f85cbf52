"""The machinery of /admin/: who gets in, to which one venue, and how a change of set-up rows is made there."""
