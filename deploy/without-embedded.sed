# Leaves out of requirements/run.txt what comes only for the embedded PostgreSQL and Redis: the two wheels, and what
# nothing but they depend on. Only these are locked for certain systems (requirements/run.in), and the lock repeats
# that marker at everything they alone bring along. A requirement goes on until a line without a backslash.
/^[a-z].*sys_platform == 'darwin'/,/[^\\]$/d
