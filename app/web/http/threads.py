"""How many requests a server process answers at once: a thread each, however slowly somebody sends or reads."""

THREADS_A_WORKER = 8
