"""What a person, a pipe or a program sees: folds over events, and pages. Imports of the lowest floor only. Floor 5."""
