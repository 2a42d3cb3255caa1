"""The loop: command line, settings, engine access, informer, work queue, target, lifecycle."""
