"""A corpus of real brand logos in the form of L3D, to try everything on without any data of one's own."""
