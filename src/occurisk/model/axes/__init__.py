"""What a score can be about, as declared; the regression of soft labels that further axes are made with."""
