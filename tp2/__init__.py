"""What the exercises share: flags and errors, data sets, figures, files, several trainings at once."""
