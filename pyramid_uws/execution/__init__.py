"""Jobs that run: the one writer, worker systems, the dispatcher, and the processes it starts."""
