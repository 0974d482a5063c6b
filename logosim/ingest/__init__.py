"""Reading data sets: records become marks or rejections, never silences, and go to the database in chunks."""
