"""What runs inside the render process: everything that a template can touch, and the kernel's limits around it."""
