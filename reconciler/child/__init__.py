"""The child: the one process that pygen starts itself and stays with, as the first process of a container does."""
