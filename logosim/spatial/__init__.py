"""Do two pictures show the same figure? Patch features matched, and held against geometry."""
