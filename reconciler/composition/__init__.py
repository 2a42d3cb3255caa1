"""The composition root: the one room where the parts are made, by what they are about: program, engine, job."""
