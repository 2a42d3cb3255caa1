# Everything is done by ./dev; these names are here for fingers that type make.
.PHONY: test unit lint format lock demo bench faults soak

test unit lint format lock demo bench faults soak:
	./dev $@
