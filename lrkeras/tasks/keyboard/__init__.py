"""A keyboard's suggestions: from text to words that fit, and what they save."""
