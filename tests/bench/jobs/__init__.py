"""Many jobs in one program, beside one: what a change costs that concerns one of them."""
