-- Which words are too common to distinguish a mark by: the most frequent ones, and two that are asked for.
select word, marks from logosim.word order by marks desc, word limit 20;
select word, marks, names from logosim.word_counts(string_to_array(logosim.normalise_text('Sun Gold'), ' '));
