"""The grading: what the report says, sentence by sentence, against the metrics files that the scripts wrote."""
